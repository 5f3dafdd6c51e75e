// Taking and keeping leases, in SQL. Plain functions over a transaction.
#pragma once

#include <string>
#include <vector>

#include "work/broker.hpp"
#include "work/detail/clock_steps.hpp"

namespace selvage::work {

// At most `max` tasks from the head of the line (task_line.hpp), leased for `duration` from now;
// none when the queue is paused. A fair key has at most `per_key` leases, 0: any number. Times are
// the database's own (database_time.hpp), so workers whose clocks disagree keep each other's
// leases. When that clock was set back, leases and retries that would last longer than they were
// given get their whole length anew.
[[nodiscard]] Result<std::vector<Lease>> claim_due(data::Transaction& tx, const std::string& queue,
                                                   const std::string& worker_id, std::size_t max,
                                                   milliseconds duration, std::int64_t per_key,
                                                   ClockSteps& clock);
// Lengthens the leases that are still theirs to `duration` from now; returns the others.
[[nodiscard]] Result<std::vector<LeaseRef>> extend_held(data::Transaction& tx,
                                                        const std::vector<LeaseRef>& held,
                                                        milliseconds duration);

}  // namespace selvage::work
