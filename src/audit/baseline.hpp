// Findings that a project lives with for now: a file of their fingerprints. An audit against it
// tells what is new.
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>

#include "audit/finding.hpp"
#include "base/error.hpp"

namespace selvage::audit {

struct Baseline {
  std::set<std::string, std::less<>> fingerprints;

  // Errors: baseline.invalid.
  [[nodiscard]] static Result<Baseline> parse(std::string_view text);
};

// JSON, one finding a line, sorted, so that changes of it can be reviewed.
[[nodiscard]] std::string baseline_of(std::span<const Finding> findings);

}  // namespace selvage::audit
