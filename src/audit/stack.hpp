// What the rules look at: the resolved Compose project, its files as they are written, and what
// the operator chose.
#pragma once

#include <string_view>
#include <vector>

#include "audit/policy.hpp"
#include "audit/service.hpp"
#include "stack/compose.hpp"
#include "stack/yaml.hpp"

namespace selvage::audit {

struct Stack {
  stack::Project project;
  // The Compose files as written, in the order they were read; `<<` stands.
  std::vector<stack::Document> files;
  Choices choices;
  bool files_were_named = false;  // nobody had to look which files lie there

  // Enabled ones. They point into the project: the stack must stay where it is.
  [[nodiscard]] std::vector<Service> services() const;
  [[nodiscard]] std::optional<Service> service(std::string_view name) const;
  // Made to face the world: as the policy says, else a proxy's image or who takes 80 and 443.
  [[nodiscard]] bool is_edge(const Service& service) const;
  // Somebody waits for its end (service_completed_successfully).
  [[nodiscard]] bool is_awaited(const Service& service) const;
  // Runs to its end: awaited, or called migrate, init, setup, seed, ...
  [[nodiscard]] bool is_oneshot(const Service& service) const;
};

// Reads the files of the project again as they are written. Errors: those of parse_yaml().
[[nodiscard]] Result<Stack> stack_of(stack::Project project, Choices choices);

}  // namespace selvage::audit
