// Implicit networks, names and dependencies; variables taken from the environment.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "stack/detail/short_forms.hpp"
#include "stack/detail/steps.hpp"

namespace selvage::stack::detail {

namespace {

Node implied(Node value, Span where, std::string_view why) {
  value.remember(Step::normalised, where, std::string(why));
  return value;
}

// `- NAME` and `NAME:` get the value of the environment; without one they stay, or go.
void resolve_names(Node& node, const Environment& environment, bool keep) {
  const auto value_of = [&](const std::string& name) -> const KnownVariable* {
    const auto known = environment.find(name);
    return known != environment.end() ? &known->second : nullptr;
  };
  std::erase_if(node.items, [&](Node& item) {
    if (!item.is_string() || item.text.contains('=')) return false;
    const KnownVariable* known = value_of(item.text);
    if (known == nullptr) return !keep;
    item.remember(Step::interpolation, item.span, item.text + " from " + known->source);
    item.text += "=" + known->value;
    return false;
  });
  std::erase_if(node.entries, [&](Entry& entry) {
    if (!entry.value.is_null()) return false;
    const KnownVariable* known = value_of(entry.key);
    if (known == nullptr) return !keep;
    Node value = Node::string(known->value, entry.key_span);
    value.origin = entry.value.origin;
    value.remember(Step::interpolation, entry.key_span, entry.key + " from " + known->source);
    entry.value = std::move(value);
    return false;
  });
}

void use_networks(Node& model) {
  bool uses_default = false;
  if (Node* services = model.find("services")) {
    for (Entry& entry : services->entries) {
      Node& service = entry.value;
      if (!service.is_mapping()) continue;
      if (service.find("provider") != nullptr || service.find("network_mode") != nullptr) continue;
      const Node* networks = service.find("networks");
      if (networks == nullptr || networks->entries.empty()) {
        Node map = implied(Node::mapping(), service.span, "default network");
        map.set("default", implied(Node::null_value(), service.span, "default network"));
        service.set("networks", std::move(map));
        uses_default = true;
      } else if (networks->find("default") != nullptr) {
        uses_default = true;
      }
    }
  }
  Node* networks = model.find("networks");
  if (!uses_default || (networks != nullptr && networks->find("default") != nullptr)) return;
  if (networks == nullptr || !networks->is_mapping()) {
    networks = &model.set("networks", Node::mapping());
  }
  networks->set("default", implied(Node::null_value(), {}, "default network"));
}

class Dependencies {
 public:
  explicit Dependencies(Node& service) : service_(service) {
    if (const Node* found = service.find("depends_on")) map_ = *found;
  }

  void add(std::string_view name, bool restart, const Node& because) {
    if (map_.find(name) != nullptr) return;
    const auto made = [&](Node value) {
      return implied(std::move(value), because.span, "implied");
    };
    Node each = made(Node::mapping(because.span));
    each.set("condition", made(Node::string("service_started")));
    each.set("restart", made(Node::boolean(restart)));
    each.set("required", made(Node::boolean(true)));
    map_.set(name, std::move(each), because.span);
  }

  void store() {
    if (!map_.entries.empty()) service_.set("depends_on", std::move(map_));
  }

 private:
  Node& service_;
  Node map_ = Node::mapping();
};

void imply_dependencies(Node& service) {
  Dependencies dependencies(service);
  if (const Node* links = service.find("links")) {
    for (const Node& link : links->items) {
      const auto parts = split(link.text, ':');
      dependencies.add(parts.size() == 2 ? parts[0] : std::string_view(link.text), true, link);
    }
  }
  for (const std::string_view key : {"network_mode", "ipc", "pid", "uts", "cgroup"}) {
    const Node* shared = service.find(key);
    constexpr std::string_view kPrefix = "service:";
    if (shared == nullptr || !shared->text.starts_with(kPrefix)) continue;
    dependencies.add(std::string_view(shared->text).substr(kPrefix.size()), true, *shared);
  }
  if (const Node* from = service.find("volumes_from")) {
    for (const Node& each : from->items) {
      if (each.text.starts_with("container:")) continue;
      dependencies.add(split(each.text, ':')[0], false, each);
    }
  }
  dependencies.store();
}

void normalise_service(Node& service, const Environment& environment) {
  Node* pull = service.find("pull_policy");
  if (pull != nullptr && pull->text == "if_not_present") {
    pull->remember(Step::normalised, pull->span, "the same as if_not_present");
    pull->text = "missing";
  }
  Node* build = service.find("build");
  if (build != nullptr && build->is_mapping()) {
    const auto lacks = [&](std::string_view key) {
      return build->find(key) == nullptr || build->find(key)->is_null();
    };
    if (lacks("context")) build->set("context", implied(Node::string("."), build->span, "default"));
    if (lacks("dockerfile") && lacks("dockerfile_inline")) {
      build->set("dockerfile", implied(Node::string("Dockerfile"), build->span, "default"));
    }
    if (Node* args = build->find("args")) resolve_names(*args, environment, false);
  }
  if (Node* variables = service.find("environment")) resolve_names(*variables, environment, true);
  imply_dependencies(service);
  if (Node* volumes = service.find("volumes")) {
    for (Node& volume : volumes->items) {
      Node* target = volume.find("target");
      if (target != nullptr && target->is_string()) target->text = clean_path(target->text);
    }
  }
}

bool is_true(const Node* node) {
  return node != nullptr && ((node->kind == Kind::boolean && node->flag) ||
                             (node->is_string() && equals_icase(node->text, "true")));
}

}  // namespace

Result<void> normalise(Node& model, const std::string& name, const Environment& environment) {
  use_networks(model);
  if (Node* services = model.find("services")) {
    for (Entry& entry : services->entries) {
      if (!entry.value.is_mapping()) {
        return fail_at(entry.key_span, "compose.type",
                       fmt::format("services.{} must be a mapping", entry.key),
                       "give it an image or a build");
      }
      normalise_service(entry.value, environment);
    }
  }
  for (const std::string_view section : {"networks", "volumes", "configs", "secrets"}) {
    Node* found = model.find(section);
    if (found == nullptr) continue;
    for (Entry& entry : found->entries) {
      if (entry.value.is_null()) {
        const Span where = entry.value.span;
        const auto origin = entry.value.origin;
        entry.value = Node::mapping(where);
        entry.value.origin = origin;
      }
      const Node* own = entry.value.find("name");
      if (own != nullptr && !own->is_null()) continue;
      const bool external = is_true(entry.value.find("external"));
      entry.value.set("name", implied(Node::string(external ? entry.key : name + "_" + entry.key),
                                      entry.key_span, "named by its key"));
    }
  }
  return {};
}

void resolve_environment(Node& model, const Environment& environment) {
  Node* services = model.find("services");
  if (services == nullptr) return;
  for (Entry& entry : services->entries) {
    Node* variables = entry.value.find("environment");
    if (variables != nullptr && variables->is_sequence()) {
      resolve_names(*variables, environment, true);
    }
  }
}

void split_profiles(Project& project, const std::vector<std::string>& profiles) {
  Node* services = project.tree.find("services");
  if (services == nullptr) return;
  const auto enabled = [&](const Entry& entry) {
    const Node* own = entry.value.find("profiles");
    if (own == nullptr || own->items.empty()) return true;
    return std::ranges::any_of(profiles, [&](const std::string& profile) {
      return profile == "*" || std::ranges::any_of(own->items, [&](const Node& each) {
               return each.text == profile;
             });
    });
  };
  std::vector<Entry> kept;
  for (Entry& entry : services->entries) {
    (enabled(entry) ? kept : project.disabled.entries).push_back(std::move(entry));
  }
  services->entries = std::move(kept);
}

}  // namespace selvage::stack::detail
