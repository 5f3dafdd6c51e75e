// Laying one file upon another, or a service upon the one it extends.
#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <unordered_map>

#include "stack/detail/steps.hpp"

namespace selvage::stack::detail {

namespace {

class Merger {
 public:
  explicit Merger(Path path) : path_(std::move(path)) {}

  Result<void> merge(Node& base, Node over) {
    for (const Rule& rule : rules()) {
      if (rule.at.matches(path_)) return (this->*rule.how)(base, std::move(over));
    }
    if (over.is_null()) return {};
    if (base.is_mapping()) {
      if (!over.is_mapping()) return cannot_override(base, over);
      return merge_mappings(base, std::move(over));
    }
    if (base.is_sequence()) {
      if (!over.is_sequence()) return cannot_override(base, over);
      return append(base, std::move(over));
    }
    return replace(base, std::move(over));
  }

 private:
  struct Rule {
    Pattern at;
    Result<void> (Merger::*how)(Node&, Node);
  };
  static std::span<const Rule> rules();

  Result<void> cannot_override(const Node& base, const Node& over) {
    return fail_at(over.span, "compose.merge",
                   fmt::format("{} cannot override the value at {}: one is a list or mapping, the "
                               "other is not",
                               path_.shown(), base.span.where()),
                   "write both in the same form, or mark this one !override");
  }

  Result<void> replace(Node& base, Node over) {
    over.remember(Step::overrides, base.span);
    base = std::move(over);
    return {};
  }

  Result<void> append(Node& base, Node over) {
    for (Node& item : over.items) {
      item.remember(Step::appends, base.span);
      base.items.push_back(std::move(item));
    }
    return {};
  }

  Result<void> merge_mappings(Node& base, Node over) {
    if (!base.is_mapping()) base = Node::mapping(over.span);
    std::unordered_map<std::string, std::size_t> index;
    for (std::size_t i = 0; i < base.entries.size(); ++i) index.emplace(base.entries[i].key, i);
    for (Entry& entry : over.entries) {
      const auto known = index.find(entry.key);
      if (known == index.end()) {
        base.entries.push_back(std::move(entry));
        continue;
      }
      Entry* same = &base.entries[known->second];
      const PathStep step(path_, std::string_view(same->key));
      if (!entry.value.is_null()) same->key_span = entry.key_span;
      TRY(merge(same->value, std::move(entry.value)));
    }
    return {};
  }

  // NAME=value of each member, sorted, when it is a mapping.
  static Node to_sequence(Node node) {
    if (node.is_sequence()) return node;
    Node list = Node::sequence(node.span);
    list.style = node.style;
    if (node.is_string()) {
      list.items.push_back(std::move(node));
      return list;
    }
    for (Entry& entry : node.entries) {
      const auto add = [&](const Node& value) {
        Node item = Node::string(value.is_null() ? entry.key : entry.key + "=" + go_text(value),
                                 value.span);
        item.origin = value.origin;
        list.items.push_back(std::move(item));
      };
      if (entry.value.is_sequence()) {
        for (const Node& value : entry.value.items) add(value);
      } else {
        add(entry.value);
      }
    }
    std::ranges::sort(list.items, {}, &Node::text);
    return list;
  }

  Result<void> join_lists(Node& base, Node over) {
    base = to_sequence(std::move(base));
    return append(base, to_sequence(std::move(over)));
  }

  Result<void> join_hosts(Node& base, Node over) {
    base = to_sequence(std::move(base));
    over = to_sequence(std::move(over));
    std::erase_if(over.items, [&](const Node& item) {
      return std::ranges::any_of(base.items,
                                 [&](const Node& each) { return same_value(each, item); });
    });
    return append(base, std::move(over));
  }

  // A list of names as a mapping; `of_each` is their value.
  static Node to_mapping(Node node, const Node& of_each) {
    if (!node.is_sequence()) return node;
    Node map = Node::mapping(node.span);
    for (const Node& item : node.items) {
      Node value = of_each;
      value.span = item.span;
      value.remember(Step::short_form, item.span, item.text);
      map.set(item.text, std::move(value), item.span);
    }
    return map;
  }

  Result<void> join_names(Node& base, Node over) {
    base = to_mapping(std::move(base), Node::null_value());
    return merge_mappings(base, to_mapping(std::move(over), Node::null_value()));
  }

  Result<void> join_dependencies(Node& base, Node over) {
    Node each = Node::mapping();
    each.set("condition", Node::string("service_started"));
    each.set("required", Node::boolean(true));
    base = to_mapping(std::move(base), each);
    return merge_mappings(base, to_mapping(std::move(over), each));
  }

  Result<void> merge_build(Node& base, Node over) {
    const auto long_form = [](Node node) {
      if (!node.is_string()) return node;
      Node build = Node::mapping(node.span);
      build.set("context", std::move(node));
      return build;
    };
    base = long_form(std::move(base));
    return merge_mappings(base, long_form(std::move(over)));
  }

  Result<void> merge_logging(Node& base, Node over) {
    const Node* mine = base.find("driver");
    const Node* other = over.find("driver");
    if (mine == nullptr || other == nullptr || same_value(*mine, *other)) {
      return merge_mappings(base, std::move(over));
    }
    return replace(base, std::move(over));
  }

  // Pools of addresses are the same when their subnet is.
  Result<void> merge_pools(Node& base, Node over) {
    if (!base.is_sequence() || !over.is_sequence()) return cannot_override(base, over);
    const auto subnet = [](const Node& pool) { return std::string(pool.string_at("subnet")); };
    std::vector<Node> pools;
    const auto find_pool = [&](const std::string& name) {
      return std::ranges::find_if(pools, [&](const Node& each) { return subnet(each) == name; });
    };
    for (Node& right : base.items) {
      for (const Node& left : over.items) {
        if (subnet(left) != subnet(right) && find_pool(subnet(left)) == pools.end()) {
          pools.push_back(left);
          continue;
        }
        TRY(merge_mappings(right, left));
        const auto known = find_pool(subnet(right));
        if (known != pools.end()) {
          *known = right;
        } else {
          pools.push_back(right);
        }
      }
    }
    base.items = std::move(pools);
    return {};
  }

  Path path_;
};

std::span<const Merger::Rule> Merger::rules() {
  static constexpr Rule kRules[] = {
      {"networks.*.ipam.config", &Merger::merge_pools},
      {"networks.*.labels", &Merger::join_lists},
      {"volumes.*.labels", &Merger::join_lists},
      {"services.*.annotations", &Merger::join_lists},
      {"services.*.build", &Merger::merge_build},
      {"services.*.build.args", &Merger::join_lists},
      {"services.*.build.additional_contexts", &Merger::join_lists},
      {"services.*.build.extra_hosts", &Merger::join_hosts},
      {"services.*.build.labels", &Merger::join_lists},
      {"services.*.command", &Merger::replace},
      {"services.*.depends_on", &Merger::join_dependencies},
      {"services.*.deploy.labels", &Merger::join_lists},
      {"services.*.dns", &Merger::join_lists},
      {"services.*.dns_opt", &Merger::join_lists},
      {"services.*.dns_search", &Merger::join_lists},
      {"services.*.entrypoint", &Merger::replace},
      {"services.*.env_file", &Merger::join_lists},
      {"services.*.label_file", &Merger::join_lists},
      {"services.*.environment", &Merger::join_lists},
      {"services.*.extra_hosts", &Merger::join_hosts},
      {"services.*.healthcheck.test", &Merger::replace},
      {"services.*.labels", &Merger::join_lists},
      {"services.*.volumes.*.volume.labels", &Merger::join_lists},
      {"services.*.logging", &Merger::merge_logging},
      {"services.*.models", &Merger::join_names},
      {"services.*.networks", &Merger::join_names},
      {"services.*.sysctls", &Merger::join_lists},
      {"services.*.tmpfs", &Merger::join_lists},
      {"services.*.ulimits.*", &Merger::replace},
  };
  return kRules;
}

}  // namespace

Result<void> merge(Node& base, Node over, Path path) {
  return Merger(std::move(path)).merge(base, std::move(over));
}

Result<void> merge_service(Node& base, Node over) {
  Path path;
  path.push(std::string_view("services"));
  path.push(std::string_view("x"));
  return merge(base, std::move(over), std::move(path));
}

}  // namespace selvage::stack::detail
