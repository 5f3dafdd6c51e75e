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

// Errors: job.*, json.*, form.*, auth.owner (an admin without an owner must name one by the headers
// X-Selvage-Channel and X-Selvage-Owner).
[[nodiscard]] Result<tryon::JobRequest> read_job_request(const net::Request& request,
                                                         const Principal& principal,
                                                         const JobRequestRules& rules);

}  // namespace selvage::app
