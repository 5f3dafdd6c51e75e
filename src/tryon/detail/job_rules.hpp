// Rules of a JobRequest that need neither network nor database.
#pragma once

#include <string>

#include "tryon/acceptance.hpp"

namespace selvage::tryon::detail {

inline constexpr std::size_t kMaxIdempotencyKey = 255;

// Every problem in one error. Errors: job.invalid.
[[nodiscard]] Result<void> check_job(const JobRequest& request);

// SHA-256 of what the client asked for: the same for the same request, whatever the order of its
// JSON members. Uploads count by their content. REQUIRES: check_job() passed.
[[nodiscard]] std::string request_hash(const JobRequest& request);

}  // namespace selvage::tryon::detail
