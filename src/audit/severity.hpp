// How bad a finding is, and what kind of mend a rule has.
#pragma once

#include <optional>
#include <string_view>

namespace selvage::audit {

enum class Severity { info, low, medium, high, critical };

enum class FixKind {
  none,       // a person has to decide what to do
  safe,       // the same stack runs afterwards, only better
  behaviour,  // an edit is known, but something works differently afterwards
  proposal,   // an edit is known but for a value that only the operator knows
};

[[nodiscard]] std::string_view name(Severity severity);  // "critical"
[[nodiscard]] std::string_view name(FixKind kind);       // "safe"
// nullopt for any other word.
[[nodiscard]] std::optional<Severity> parse_severity(std::string_view word);

}  // namespace selvage::audit
