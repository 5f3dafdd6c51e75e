// What Compose sets when nobody says it, what it refuses by value, and paths made absolute.
#include <fmt/format.h>

#include "base/text.hpp"
#include "stack/detail/short_forms.hpp"
#include "stack/detail/steps.hpp"

namespace selvage::stack::detail {

namespace {

void set_default(Node& map, std::string_view key, Node value) {
  if (!map.is_mapping() || map.find(key) != nullptr) return;
  value.remember(Step::normalised, map.span, "default");
  map.set(key, std::move(value));
}

template <class Function>
void for_each_item(Node* list, Function function) {
  if (list == nullptr) return;
  for (Node& item : list->items) function(item);
}

void set_device_count(Node& request) {
  if (request.find("device_ids") == nullptr) set_default(request, "count", Node::string("all"));
}

Node* below(Node* node, std::initializer_list<std::string_view> path) {
  for (const std::string_view key : path) {
    if (node == nullptr) return nullptr;
    node = node->find(key);
  }
  return node;
}

Result<void> check_file_object(const Entry& entry, std::string_view section,
                               std::initializer_list<std::string_view> keys) {
  const Node& node = entry.value;
  std::size_t found = 0;
  std::vector<std::string> names;
  for (const std::string_view key : keys) {
    names.emplace_back(key);
    if (node.find(key) != nullptr) ++found;
  }
  const std::string list = join(names, ", ");
  if (found > 1) {
    return fail_at(node.span, "compose.conflict",
                   fmt::format("{}.{} has more than one of {}", section, entry.key, list),
                   "keep one of them");
  }
  if (found == 0 && node.find("driver") == nullptr && node.find("external") == nullptr) {
    return fail_at(entry.key_span, "compose.type",
                   fmt::format("{}.{} has none of {}", section, entry.key, list),
                   "add one of them");
  }
  return {};
}

Result<void> check_volume(const Entry& entry) {
  const Node* external = entry.value.find("external");
  if (external == nullptr || !external->flag) return {};
  for (const Entry& each : entry.value.entries) {
    if (each.key == "name" || each.key == "external" || each.key.starts_with("x-")) continue;
    return fail_at(each.key_span, "compose.conflict",
                   fmt::format("volumes.{} is external, so `{}` says nothing", entry.key, each.key),
                   "remove one of the two");
  }
  return {};
}

Result<void> check_device_request(const Node& request, std::string_view place) {
  if (request.find("count") == nullptr || request.find("device_ids") == nullptr) return {};
  return fail_at(request.span, "compose.conflict",
                 fmt::format("{} has both count and device_ids", place), "keep one of them");
}

Result<void> check_service(const Entry& service) {
  if (const Node* ports = service.value.find("ports")) {
    for (const Node& port : ports->items) {
      const Node* ip = port.find("host_ip");
      if (ip == nullptr || is_ip_address(ip->text) || holds_placeholder(*ip)) continue;
      return fail_at(
          ip->span, "compose.port",
          fmt::format("services.{}.ports: {} is no address", service.key, in_quotes(ip->text)),
          "write an IPv4 or IPv6 address");
    }
  }
  for (const auto& [list, place] :
       {std::pair(service.value.find("gpus"), "gpus"),
        std::pair(service.value.at({"deploy", "resources", "reservations", "devices"}),
                  "deploy.resources.reservations.devices")}) {
    if (list == nullptr) continue;
    for (const Node& request : list->items) {
      TRY(check_device_request(request, fmt::format("services.{}.{}", service.key, place)));
    }
  }
  return {};
}

class Paths {
 public:
  explicit Paths(const Surroundings& around) : around_(around) {}

  void make_absolute(Node& node) {
    if (!node.is_string() || node.text.empty() || holds_placeholder(node)) return;
    std::string path = node.text;
    if (path.starts_with('~')) path = home() + path.substr(1);
    if (!path.starts_with('/')) path = clean_path(around_.directory.string() + "/" + path);
    if (path.starts_with('/') && node.text.starts_with('~')) path = clean_path(path);
    if (path == node.text) return;
    node.remember(Step::normalised, node.span, "absolute path of " + node.text);
    node.text = std::move(path);
  }

  void make_absolute_context(Node& node) {
    if (!node.is_string() || node.text.contains("://") || node.text.starts_with("service:")) return;
    for (const std::string_view remote : {"github.com/", "git@"}) {
      if (node.text.starts_with(remote)) return;
    }
    make_absolute(node);
  }

  // Paths of Windows are taken as they are.
  void make_absolute_unix(Node& node) {
    const std::string& path = node.text;
    const bool windows = path.starts_with("\\\\") ||
                         (path.size() > 2 && path[1] == ':' && (path[2] == '\\' || path[2] == '/'));
    if (windows) return;
    if (node.is_string() && path.empty()) {
      node.text = around_.directory.string();
      return;
    }
    make_absolute(node);
  }

 private:
  std::string home() const {
    const auto known = around_.environment->find("HOME");
    return known != around_.environment->end() ? known->second.value : "~";
  }

  const Surroundings& around_;
};

Result<void> service_paths(Node& service, Paths& paths) {
  if (Node* context = below(&service, {"build", "context"})) paths.make_absolute_context(*context);
  if (Node* contexts = below(&service, {"build", "additional_contexts"})) {
    for (Entry& each : contexts->entries) paths.make_absolute_context(each.value);
  }
  if (Node* ssh = below(&service, {"build", "ssh"})) {
    for (Entry& each : ssh->entries) paths.make_absolute_unix(each.value);
  }
  for_each_item(service.find("env_file"), [&](Node& item) {
    if (Node* path = item.find("path")) paths.make_absolute(*path);
  });
  for_each_item(service.find("label_file"), [&](Node& item) { paths.make_absolute(item); });
  if (Node* file = below(&service, {"extends", "file"})) paths.make_absolute(*file);
  for_each_item(below(&service, {"develop", "watch"}), [&](Node& item) {
    if (Node* path = item.find("path")) paths.make_absolute(*path);
  });
  Node* volumes = service.find("volumes");
  if (volumes == nullptr) return {};
  for (Node& volume : volumes->items) {
    if (volume.string_at("type") != "bind") continue;
    Node* source = volume.find("source");
    if (source == nullptr) {
      return fail_at(volume.span, "compose.volume", "a bind mount has no source",
                     "add `source:`, a path on the host");
    }
    paths.make_absolute_unix(*source);
  }
  return {};
}

}  // namespace

Result<void> set_defaults(Node& model) {
  Node* services = model.find("services");
  if (services == nullptr) return {};
  for (Entry& entry : services->entries) {
    Node& service = entry.value;
    if (Node* build = service.find("build")) set_default(*build, "context", Node::string("."));
    for_each_item(service.find("secrets"), [](Node& item) {
      set_default(item, "target",
                  Node::string("/run/secrets/" + std::string(item.string_at("source"))));
    });
    for_each_item(service.find("ports"), [](Node& item) {
      set_default(item, "protocol", Node::string("tcp"));
      set_default(item, "mode", Node::string("ingress"));
    });
    for_each_item(below(&service, {"deploy", "resources", "reservations", "devices"}),
                  set_device_count);
    for_each_item(service.find("gpus"), set_device_count);
  }
  return {};
}

Result<void> check_values(const Node& model) {
  const auto for_each = [&](std::string_view section, auto check) -> Result<void> {
    const Node* found = model.find(section);
    if (found == nullptr) return {};
    for (const Entry& entry : found->entries) TRY(check(entry));
    return {};
  };
  TRY(for_each("volumes", check_volume));
  TRY(for_each("configs", [](const Entry& entry) {
    return check_file_object(entry, "configs", {"file", "environment", "content"});
  }));
  TRY(for_each("secrets", [](const Entry& entry) {
    return check_file_object(entry, "secrets", {"file", "environment"});
  }));
  return for_each("services", check_service);
}

Result<void> resolve_paths(Node& model, const Surroundings& around) {
  Paths paths(around);
  if (Node* services = model.find("services")) {
    for (Entry& entry : services->entries) TRY(service_paths(entry.value, paths));
  }
  for (const std::string_view section : {"configs", "secrets"}) {
    Node* found = model.find(section);
    if (found == nullptr) continue;
    for (Entry& entry : found->entries) {
      if (Node* file = entry.value.find("file")) paths.make_absolute_unix(*file);
    }
  }
  if (Node* volumes = model.find("volumes")) {
    for (Entry& entry : volumes->entries) {
      Node* device = below(&entry.value, {"driver_opts", "device"});
      if (device != nullptr && entry.value.string_at("driver") == "local" &&
          entry.value.find("driver_opts")->string_at("o") == "bind") {
        paths.make_absolute_unix(*device);
      }
    }
  }
  return {};
}

}  // namespace selvage::stack::detail
