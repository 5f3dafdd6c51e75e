// The audit: every rule that the policy wants looks at the stack; then comments in its files,
// waivers and the baseline set findings aside. Deterministic; asks the disk for nothing but what
// lies beside the stack's files.
#pragma once

#include <chrono>
#include <set>
#include <string>

#include "audit/baseline.hpp"
#include "audit/policy.hpp"
#include "audit/report.hpp"
#include "audit/stack.hpp"

namespace selvage::audit {

struct Question {
  const Policy& policy;
  const Baseline& baseline;
  std::chrono::year_month_day today;
  // Rules or families; empty: all that the policy wants. What is named here counts more than the
  // policy.
  std::set<std::string, std::less<>> only;
};

// Waivers that have expired or fit nothing, and comments that do not count, are findings
// themselves: aud-*.
[[nodiscard]] Report audit(const Stack& stack, const Question& question);

// The report of a stack that cannot be read, so that nothing else could be looked at: one finding,
// at the place that `error` names. nullopt when the error is not about what stands in the files.
[[nodiscard]] std::optional<Report> refused(const Error& error, const Question& question);

}  // namespace selvage::audit
