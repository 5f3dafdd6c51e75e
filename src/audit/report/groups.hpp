// Findings as people read them: the worst first, those of one rule together.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "audit/finding.hpp"
#include "audit/report.hpp"

namespace selvage::audit {

struct Group {
  const Rule* rule = nullptr;
  Severity severity = Severity::info;
  std::span<const Finding> findings;  // of the report
};

// REQUIRES: the report's order.
[[nodiscard]] std::vector<Group> groups_of(const Report& report);

// "compose.yaml:12:5", "compose.yaml"; not yet made harmless.
[[nodiscard]] std::string where(const Place& place);
// What each finding of the group would say itself; otherwise the findings differ in it.
[[nodiscard]] bool same_remedy(const Group& group);

}  // namespace selvage::audit
