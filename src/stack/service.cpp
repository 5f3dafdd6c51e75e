#include "stack/service.hpp"

namespace selvage::stack {

namespace {

bool flag_of(const Node& node, std::string_view key, bool fallback) {
  const Node* member = node.find(key);
  return member != nullptr && member->kind == Kind::boolean ? member->flag : fallback;
}

}  // namespace

std::vector<PublishedPort> Service::ports() const {
  std::vector<PublishedPort> ports;
  const Node* list = find("ports");
  if (list == nullptr) return ports;
  for (const Node& item : list->items) {
    if (!item.is_mapping()) continue;  // a placeholder stands in the short form
    PublishedPort port;
    port.host_ip = item.string_at("host_ip");
    port.published = item.string_at("published");
    const Node* target = item.find("target");
    if (target != nullptr && target->kind == Kind::integer) {
      port.target = static_cast<std::uint16_t>(target->integer);
    }
    port.protocol = item.string_at("protocol", "tcp");
    port.node = &item;
    ports.push_back(std::move(port));
  }
  return ports;
}

std::vector<Mount> Service::mounts() const {
  std::vector<Mount> mounts;
  const Node* list = find("volumes");
  if (list == nullptr) return mounts;
  for (const Node& item : list->items) {
    if (!item.is_mapping()) continue;
    Mount mount;
    mount.type = item.string_at("type");
    mount.source = item.string_at("source");
    mount.target = item.string_at("target");
    mount.read_only = flag_of(item, "read_only", false);
    mount.node = &item;
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

std::vector<NamedValue> Service::named(std::string_view key) const {
  std::vector<NamedValue> values;
  const Node* map = find(key);
  if (map == nullptr) return values;
  for (const Entry& entry : map->entries) {
    NamedValue value{entry.key, std::nullopt, &entry.value, entry.key_span};
    if (!entry.value.is_null()) value.value = entry.value.text;
    values.push_back(value);
  }
  return values;
}

std::vector<Dependency> Service::dependencies() const {
  std::vector<Dependency> dependencies;
  const Node* map = find("depends_on");
  if (map == nullptr) return dependencies;
  for (const Entry& entry : map->entries) {
    dependencies.push_back({entry.key, entry.value.string_at("condition"),
                            flag_of(entry.value, "required", true),
                            flag_of(entry.value, "restart", false), &entry.value});
  }
  return dependencies;
}

std::vector<std::string_view> Service::networks() const {
  std::vector<std::string_view> names;
  const Node* map = find("networks");
  if (map == nullptr) return names;
  for (const Entry& entry : map->entries) names.push_back(entry.key);
  return names;
}

std::vector<std::string_view> Service::list(std::string_view key) const {
  std::vector<std::string_view> texts;
  const Node* sequence = find(key);
  if (sequence == nullptr) return texts;
  for (const Node& item : sequence->items) texts.push_back(item.text);
  return texts;
}

bool Service::flag(std::string_view key) const { return flag_of(node(), key, false); }

}  // namespace selvage::stack
