// The one place that says whose jobs a principal may see.
#pragma once

#include "app/http/access.hpp"
#include "data/database.hpp"
#include "tryon/session.hpp"

namespace selvage::app {

// Errors: job.not_found, also for another owner's job: to this principal it does not exist.
[[nodiscard]] Task<Result<tryon::Session>> find_visible_job(data::Database& database,
                                                            std::string id, Principal principal);

}  // namespace selvage::app
