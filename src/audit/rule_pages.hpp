// Rules as documentation, printed from their rows.
#pragma once

#include <string>

#include "audit/rule.hpp"

namespace selvage::audit {

// One rule in full, for a terminal of 80 columns.
[[nodiscard]] std::string explain(const Rule& rule);
// A line a rule, under the headings of their families.
[[nodiscard]] std::string list_of_rules();
// The reference page in Markdown.
[[nodiscard]] std::string rules_reference();

}  // namespace selvage::audit
