// Lists whose elements have a key: a later element takes the place of an earlier one of its key.
#include <fmt/format.h>

#include <unordered_map>

#include "base/text.hpp"
#include "stack/detail/short_forms.hpp"
#include "stack/detail/steps.hpp"

namespace selvage::stack::detail {

namespace {

enum class Key : std::uint8_t {
  name,    // before "="
  target,  // of a mount
  device,
  config,
  secret,
  number,  // the text itself
  port,
  env_file,
};

struct Rule {
  Pattern at;
  Key key;
};

constexpr Rule kRules[] = {
    {"networks.*.labels", Key::name},
    {"networks.*.ipam.options", Key::name},
    {"services.*.annotations", Key::name},
    {"services.*.build.args", Key::name},
    {"services.*.build.additional_contexts", Key::name},
    {"services.*.build.platform", Key::name},
    {"services.*.build.tags", Key::name},
    {"services.*.build.labels", Key::name},
    {"services.*.cap_add", Key::name},
    {"services.*.cap_drop", Key::name},
    {"services.*.devices", Key::device},
    {"services.*.configs", Key::config},
    {"services.*.deploy.labels", Key::name},
    {"services.*.dns", Key::name},
    {"services.*.dns_opt", Key::name},
    {"services.*.dns_search", Key::name},
    {"services.*.environment", Key::name},
    {"services.*.env_file", Key::env_file},
    {"services.*.expose", Key::number},
    {"services.*.labels", Key::name},
    {"services.*.links", Key::name},
    {"services.*.networks.*.aliases", Key::name},
    {"services.*.networks.*.link_local_ips", Key::name},
    {"services.*.ports", Key::port},
    {"services.*.profiles", Key::name},
    {"services.*.secrets", Key::secret},
    {"services.*.sysctls", Key::name},
    {"services.*.tmpfs", Key::name},
    {"services.*.volumes", Key::target},
};

std::unexpected<Error> unfit(const Node& item, const Path& path) {
  return fail_at(item.span, "compose.type",
                 fmt::format("{} has an element that is of no use there", path.shown()),
                 "write a text, or the long form with its keys");
}

// A number and a text of the same digits are different elements to the reference.
std::string typed_text(const Node* node, std::string_view fallback = {}) {
  if (node == nullptr) return std::string(fallback);
  return (node->kind == Kind::integer ? "#" : "") + scalar_text(*node);
}

Result<std::string> port_key(const Node& item, const Path& path) {
  if (!item.is_mapping()) return scalar_text(item);
  if (item.find("target") == nullptr) {
    return fail_at(item.span, "compose.port",
                   fmt::format("a port of {} has no target", path.shown()),
                   "add `target:`, the container's port");
  }
  return fmt::format("{}:{}:{}/{}", item.string_at("host_ip", "0.0.0.0"),
                     typed_text(item.find("published")), typed_text(item.find("target")),
                     item.string_at("protocol", "tcp"));
}

Result<std::string> key_of(const Node& item, Key key, const Path& path) {
  switch (key) {
    case Key::name:
      if (!item.is_string()) return unfit(item, path);
      return item.text.substr(0, item.text.find('='));
    case Key::target: {
      if (item.is_string()) {
        if (holds_placeholder(item)) return item.text;
        return std::string(TRY(parse_volume(item, path)).string_at("target"));
      }
      if (!item.is_mapping()) return std::string();
      const Node* target = item.find("target");
      if (target == nullptr || !target->is_string()) {
        return fail_at(item.span, "compose.volume",
                       fmt::format("a mount of {} has no target", path.shown()),
                       "add `target:`, the path in the container");
      }
      return target->text;
    }
    case Key::device: {
      if (item.is_mapping()) {
        const Node* target = item.find("target");
        if (target == nullptr || !target->is_string()) return unfit(item, path);
        return target->text;
      }
      const auto parts = split(item.text, ':');
      return std::string(parts.size() == 1 ? parts[0] : parts[1]);
    }
    case Key::config:
    case Key::secret: {
      const std::string directory = key == Key::secret ? "/run/secrets/" : "/";
      if (item.is_string()) return directory + item.text;
      if (!item.is_mapping()) return unfit(item, path);
      if (item.find("target") != nullptr) return std::string(item.string_at("target"));
      return directory + std::string(item.string_at("source"));
    }
    case Key::number:
      if (!item.is_string() && item.kind != Kind::integer) return unfit(item, path);
      return scalar_text(item);
    case Key::port:
      return port_key(item, path);
    case Key::env_file:
      if (item.is_string()) return item.text;
      if (item.find("path") == nullptr) return unfit(item, path);
      return std::string(item.string_at("path"));
  }
  return std::string();
}

Result<void> unite(Node& list, Key key, const Path& path) {
  std::vector<Node> kept;
  std::unordered_map<std::string, std::size_t> index;
  for (Node& item : list.items) {
    const auto [place, is_new] = index.emplace(TRY(key_of(item, key, path)), kept.size());
    if (is_new) {
      kept.push_back(std::move(item));
      continue;
    }
    Node& earlier = kept[place->second];
    if (!(earlier.span == item.span)) item.remember(Step::overrides, earlier.span);
    earlier = std::move(item);
  }
  list.items = std::move(kept);
  return {};
}

Result<void> walk(Node& node, Path& path) {
  for (Entry& entry : node.entries) {
    const PathStep step(path, std::string_view(entry.key));
    if (entry.value.is_mapping()) TRY(walk(entry.value, path));
    if (!entry.value.is_sequence()) continue;
    for (const Rule& rule : kRules) {
      if (!rule.at.matches(path)) continue;
      TRY(unite(entry.value, rule.key, path));
      break;
    }
  }
  return {};
}

}  // namespace

Result<void> enforce_unicity(Node& model) {
  Path path;
  return walk(model, path);
}

}  // namespace selvage::stack::detail
