// The query of GET /v1/jobs as values.
#pragma once

#include "app/http/access.hpp"
#include "net/http_message.hpp"
#include "tryon/session.hpp"

namespace selvage::app {

struct JobListQuery {
  tryon::SessionFilter filter;  // narrowed to the principal's own owner unless it is an admin
  std::size_t limit = 50;
  std::optional<std::string> cursor;
};

// Errors: page.* (invalid), page.owner (forbidden) for another owner's jobs.
[[nodiscard]] Result<JobListQuery> read_job_list_query(const net::Request& request,
                                                       const Principal& principal);

}  // namespace selvage::app
