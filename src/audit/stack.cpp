#include "audit/stack.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace selvage::audit {

std::vector<Service> Stack::services() const {
  std::vector<Service> all;
  const stack::Node* services = project.tree.find("services");
  if (services == nullptr) return all;
  for (const stack::Entry& entry : services->entries) {
    if (entry.value.is_mapping()) all.emplace_back(entry);
  }
  return all;
}

std::optional<Service> Stack::service(std::string_view name) const {
  for (const Service& service : services()) {
    if (service.name() == name) return service;
  }
  return std::nullopt;
}

bool Stack::is_edge(const Service& service) const {
  if (!choices.edge.empty()) {
    return std::ranges::find(choices.edge, service.name()) != choices.edge.end();
  }
  if (service.facts().role == Role::edge) return true;
  // a gateway of one's own shows itself by taking what only the world's door takes
  return std::ranges::any_of(service.ports(), [](const stack::PublishedPort& port) {
    return !loopback_only(port) && (port.published == "443" || port.published == "80");
  });
}

bool Stack::is_awaited(const Service& service) const {
  for (const Service& other : services()) {
    for (const stack::Dependency& dependency : other.dependencies()) {
      if (dependency.service == service.name() &&
          dependency.condition == "service_completed_successfully") {
        return true;
      }
    }
  }
  return false;
}

bool Stack::is_oneshot(const Service& service) const {
  if (is_awaited(service)) return true;
  const std::string name = to_lower_ascii(service.name());
  constexpr std::array<std::string_view, 8> kWords = {
      "migrate", "migration", "migrations", "init", "setup", "seed", "bootstrap", "oneshot"};
  std::string word;
  for (const char c : name + "-") {
    if (c != '-' && c != '_' && c != '.') {
      word += c;
      continue;
    }
    if (std::ranges::find(kWords, word) != kWords.end()) return true;
    word.clear();
  }
  return false;
}

Result<Stack> stack_of(stack::Project project, Choices choices) {
  Stack stack{.project = std::move(project), .choices = std::move(choices)};
  for (const stack::StackFile& file : stack.project.files) {
    using enum stack::StackFile::Role;
    if (file.text == nullptr || file.role == project_env || file.role == service_env ||
        file.role == label) {
      continue;
    }
    for (stack::Document& document : TRY(stack::parse_yaml(file.text, {.merge_keys = false}))) {
      stack.files.push_back(std::move(document));
    }
  }
  return stack;
}

}  // namespace selvage::audit
