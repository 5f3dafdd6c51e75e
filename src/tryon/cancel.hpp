// Cancelling a job, by its owner or an operator.
#pragma once

#include <string>

#include "base/metrics.hpp"
#include "tryon/session.hpp"
#include "work/broker.hpp"

namespace selvage::tryon {

// How soon a worker of any process notices that one of its jobs is to stop.
inline constexpr milliseconds kCancelPoll{1000};

// A job that waits, in the queue or for a later try, fails as kCancelledCode with its refund, in
// one transaction. A job that is being worked on is asked to stop: its worker does so at the next
// stage, unless the provider was called already, for then the picture is paid for and will be
// finished. The session as it is now: failed as cancelled, or processing with cancel_requested_at.
// Idempotent. Errors: job.over (conflict) when the job ended otherwise, job.not_found, db.*.
[[nodiscard]] Task<Result<Session>> cancel_job(data::Database& database, work::Broker& broker,
                                               Owner owner, std::string session_id,
                                               Registry* metrics);

}  // namespace selvage::tryon
