// What Compose refuses a stack for, as a finding.
#pragma once

#include <optional>

#include "audit/finding.hpp"
#include "audit/policy.hpp"
#include "base/error.hpp"

namespace selvage::audit {

// At the place that the message begins with. nullopt when the error is not about what stands in
// the files.
[[nodiscard]] std::optional<Finding> finding_of(const Error& error, const Policy& policy);

}  // namespace selvage::audit
