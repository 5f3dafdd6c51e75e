// The two forms of POST /v1/jobs, JSON with URLs and multipart with pictures, as one JobRequest.
#pragma once

#include "app/http/access.hpp"
#include "net/http_message.hpp"
#include "tryon/acceptance.hpp"

namespace selvage::app {

struct JobRequestRules {
  Credits price{1};       // what a job costs when the request does not say
  ByteCount max_image{};  // of one uploaded picture
};

// Whom a request acts for: the key's owner, or whom an admin names by the headers
// X-Selvage-Channel and X-Selvage-Owner. Errors: auth.owner (invalid), owner.*.
[[nodiscard]] Result<tryon::Owner> acting_owner(const net::Request& request,
                                                const Principal& principal);

// The price is the operator's: errors: job.credits (invalid) when another than an admin says one.
[[nodiscard]] Result<void> check_price(const tryon::JobRequest& job, const Principal& principal,
                                       Credits price);

// Errors: job.*, json.*, form.*, auth.owner (an admin without an owner must name one by the headers
// X-Selvage-Channel and X-Selvage-Owner).
[[nodiscard]] Result<tryon::JobRequest> read_job_request(const net::Request& request,
                                                         const Principal& principal,
                                                         const JobRequestRules& rules);

}  // namespace selvage::app
