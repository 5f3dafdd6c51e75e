// Short forms made long.
#include <fmt/format.h>

#include <span>

#include "base/text.hpp"
#include "stack/detail/short_forms.hpp"
#include "stack/detail/steps.hpp"

namespace selvage::stack::detail {

namespace {

class Canonicaliser {
 public:
  explicit Canonicaliser(Loading& loading) : loading_(loading) {}

  Result<void> walk(Node& node) {
    for (const Rule& rule : rules()) {
      if (rule.at.matches(path_)) return (this->*rule.how)(node);
    }
    return below(node);
  }

 private:
  struct Rule {
    Pattern at;
    Result<void> (Canonicaliser::*how)(Node&);
  };
  static std::span<const Rule> rules();

  Result<void> below(Node& node) {
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const PathStep step(path_, i);
      TRY(walk(node.items[i]));
    }
    for (Entry& entry : node.entries) {
      const PathStep step(path_, std::string_view(entry.key));
      TRY(walk(entry.value));
    }
    return {};
  }

  std::unexpected<Error> unfit(const Node& node, std::string_view wanted) {
    return fail_at(node.span, "compose.type", fmt::format("{} must be {}", path_.shown(), wanted),
                   "write it as Compose's reference says");
  }

  // {key: node}
  static Node wrapped(Node node, std::string_view key) {
    Node map = Node::mapping(node.span);
    map.origin = node.origin;
    map.remember(Step::short_form, node.span, node.text);
    map.set(key, std::move(node));
    return map;
  }

  static void set_default(Node& map, std::string_view key, Node value) {
    if (map.find(key) != nullptr) return;
    value.remember(Step::normalised, map.span, "default");
    map.set(key, std::move(value));
  }

  Result<void> file_mount(Node& node) {
    if (node.is_string()) node = wrapped(std::move(node), "source");
    if (!node.is_mapping()) return unfit(node, "a name or a mapping");
    return {};
  }

  Result<void> as_text(Node& node) {
    if (node.is_scalar()) {
      node.text = go_text(node);
      node.kind = Kind::string;
    }
    return {};
  }

  Result<void> key_values(Node& node) {
    if (!node.is_sequence()) return {};
    Node map = Node::mapping(node.span);
    for (const Node& item : node.items) {
      const std::size_t equals = item.text.find('=');
      if (!item.is_string() || equals == std::string::npos) {
        return unfit(item, "a list of NAME=VALUE");
      }
      Node value = Node::string(item.text.substr(equals + 1), item.span);
      value.origin = item.origin;
      map.set(item.text.substr(0, equals), std::move(value), item.span);
    }
    node = std::move(map);
    return {};
  }

  Result<void> dependencies(Node& node) {
    if (node.is_sequence()) {
      Node map = Node::mapping(node.span);
      for (Node& item : node.items) {
        Node each = Node::mapping(item.span);
        each.origin = item.origin;
        each.remember(Step::short_form, item.span, item.text);
        map.set(item.text, std::move(each), item.span);
      }
      node = std::move(map);
    }
    if (!node.is_mapping()) return unfit(node, "a list of services or a mapping");
    for (Entry& entry : node.entries) {
      if (!entry.value.is_mapping()) return unfit(entry.value, "a mapping for each service");
      set_default(entry.value, "condition", Node::string("service_started", entry.value.span));
      set_default(entry.value, "required", Node::boolean(true, entry.value.span));
    }
    return {};
  }

  Result<void> env_file(Node& node) {
    if (node.is_string()) {
      Node list = Node::sequence(node.span);
      list.items.push_back(std::move(node));
      node = std::move(list);
    }
    if (!node.is_sequence()) return unfit(node, "a path or a list of paths");
    for (Node& item : node.items) {
      if (item.is_string()) item = wrapped(std::move(item), "path");
      if (!item.is_mapping()) return unfit(item, "a path or a mapping");
      set_default(item, "required", Node::boolean(true, item.span));
    }
    return {};
  }

  Result<void> string_or_list(Node& node) {
    if (!node.is_string()) return {};
    Node list = Node::sequence(node.span);
    list.origin = node.origin;
    list.items.push_back(std::move(node));
    node = std::move(list);
    return {};
  }

  Result<void> extends(Node& node) {
    if (node.is_string()) node = wrapped(std::move(node), "service");
    return {};
  }

  Result<void> gpus(Node& node) {
    if (node.is_sequence()) return below(node);
    if (!node.is_string()) return unfit(node, "`all` or a list");
    Node list = Node::sequence(node.span);
    list.items.push_back(wrapped(Node::string("all", node.span), "count"));
    node = std::move(list);
    return {};
  }

  Result<void> names(Node& node) {
    if (!node.is_sequence()) return {};
    Node map = Node::mapping(node.span);
    for (const Node& item : node.items) {
      Node each = Node::null_value(item.span);
      each.origin = item.origin;
      map.set(item.text, std::move(each), item.span);
    }
    node = std::move(map);
    return {};
  }

  Result<void> mount(Node& node) {
    if (node.is_mapping() || (node.is_string() && holds_placeholder(node))) return {};
    if (!node.is_string()) return unfit(node, "a text or a mapping");
    Node volume = TRY(parse_volume(node, path_));
    Node* target = volume.find("target");
    if (!target->text.empty()) target->text = clean_path(target->text);
    node = std::move(volume);
    return {};
  }

  Result<void> device(Node& node) {
    if (node.is_mapping()) return {};
    if (!node.is_string()) return unfit(node, "a text or a mapping");
    const auto parts = split(node.text, ':');
    if (parts.size() > 3) return unfit(node, "\"SOURCE:TARGET:PERMISSIONS\"");
    Node map = Node::mapping(node.span);
    map.origin = node.origin;
    map.remember(Step::short_form, node.span, node.text);
    const auto add = [&](std::string_view key, std::string_view value) {
      map.set(key, Node::string(std::string(value), node.span)).origin = map.origin;
    };
    add("source", parts[0]);
    add("target", parts.size() > 1 && !parts[1].empty() ? parts[1] : parts[0]);
    add("permissions", parts.size() > 2 ? parts[2] : "rwm");
    node = std::move(map);
    return {};
  }

  Result<void> ports(Node& node) {
    if (!node.is_sequence()) return unfit(node, "a list");
    std::vector<Node> all;
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const PathStep step(path_, i);
      Node& item = node.items[i];
      if (item.is_mapping() || holds_placeholder(item)) {
        all.push_back(std::move(item));
      } else if (item.is_string() || item.kind == Kind::integer) {
        for (Node& port : TRY(parse_ports(item, path_, loading_))) all.push_back(std::move(port));
      } else {
        return unfit(item, "a port or a mapping");
      }
    }
    node.items = std::move(all);
    return {};
  }

  Result<void> build(Node& node) {
    if (node.is_string()) {
      node = wrapped(std::move(node), "context");
      return {};
    }
    if (!node.is_mapping()) return unfit(node, "a path or a mapping");
    return below(node);
  }

  Result<void> ssh(Node& node) {
    if (!node.is_sequence()) return {};
    Node map = Node::mapping(node.span);
    for (const Node& item : node.items) {
      const std::size_t equals = item.text.find('=');
      if (!item.is_string() || (equals == std::string::npos && item.text != "default")) {
        return unfit(item, "a list of ID=PATH");
      }
      map.set(item.text.substr(0, equals),
              equals == std::string::npos ? Node::null_value(item.span)
                                          : Node::string(item.text.substr(equals + 1), item.span),
              item.span);
    }
    node = std::move(map);
    return {};
  }

  Result<void> ulimit(Node& node) {
    if (node.is_mapping() || node.kind == Kind::integer || holds_placeholder(node)) return {};
    return unfit(node, "a number, or soft and hard");
  }

  Result<void> maybe_external(Node& node) {
    if (node.is_null()) return {};
    if (!node.is_mapping()) return unfit(node, "a mapping");
    TRY(below(node));
    Node* external = node.find("external");
    if (external == nullptr || !external->is_mapping()) return {};
    const Node* name = external->find("name");
    const Node* own = node.find("name");
    loading_.notice(external->span, "compose.external_name",
                    "external.name is deprecated: set name, and external: true");
    if (name != nullptr && own != nullptr && !same_value(*name, *own)) {
      return fail_at(external->span, "compose.conflict",
                     fmt::format("{}: name and external.name differ", path_.shown()),
                     "use name alone");
    }
    Node truth = Node::boolean(true, external->span);
    const std::optional<Node> taken = name != nullptr ? std::optional(*name) : std::nullopt;
    *external = std::move(truth);
    if (taken && node.find("name") == nullptr) node.set("name", *taken);
    return {};
  }

  Loading& loading_;
  Path path_;
};

std::span<const Canonicaliser::Rule> Canonicaliser::rules() {
  static constexpr Rule kRules[] = {
      {"services.*.build.secrets.*", &Canonicaliser::file_mount},
      {"services.*.build.provenance", &Canonicaliser::as_text},
      {"services.*.build.sbom", &Canonicaliser::as_text},
      {"services.*.build.additional_contexts", &Canonicaliser::key_values},
      {"services.*.depends_on", &Canonicaliser::dependencies},
      {"services.*.env_file", &Canonicaliser::env_file},
      {"services.*.label_file", &Canonicaliser::string_or_list},
      {"services.*.extends", &Canonicaliser::extends},
      {"services.*.gpus", &Canonicaliser::gpus},
      {"services.*.networks", &Canonicaliser::names},
      {"services.*.models", &Canonicaliser::names},
      {"services.*.volumes.*", &Canonicaliser::mount},
      {"services.*.dns", &Canonicaliser::string_or_list},
      {"services.*.devices.*", &Canonicaliser::device},
      {"services.*.secrets.*", &Canonicaliser::file_mount},
      {"services.*.configs.*", &Canonicaliser::file_mount},
      {"services.*.ports", &Canonicaliser::ports},
      {"services.*.build", &Canonicaliser::build},
      {"services.*.build.ssh", &Canonicaliser::ssh},
      {"services.*.ulimits.*", &Canonicaliser::ulimit},
      {"services.*.build.ulimits.*", &Canonicaliser::ulimit},
      {"services.*.develop.watch.*.ignore", &Canonicaliser::string_or_list},
      {"services.*.develop.watch.*.include", &Canonicaliser::string_or_list},
      {"volumes.*", &Canonicaliser::maybe_external},
      {"networks.*", &Canonicaliser::maybe_external},
      {"secrets.*", &Canonicaliser::maybe_external},
      {"configs.*", &Canonicaliser::maybe_external},
  };
  return kRules;
}

}  // namespace

Result<void> make_canonical(Node& model, Loading& loading) {
  TRY(Canonicaliser(loading).walk(model));
  // what is empty among the name servers says nothing
  Node* services = model.find("services");
  if (services == nullptr) return {};
  for (Entry& service : services->entries) {
    Node* dns = service.value.find("dns");
    if (dns == nullptr) continue;
    std::erase_if(dns->items, [](const Node& item) { return item.text.empty(); });
  }
  return {};
}

}  // namespace selvage::stack::detail
