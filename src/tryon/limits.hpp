// How many jobs an owner may submit in a day. The day is UTC's. Counted when a job is accepted, a
// retry too; what a later refund returns is still a job of its day. Tasks that other producers push
// straight to the queue are not counted.
#pragma once

#include <vector>

#include "data/database.hpp"
#include "tryon/generation_task.hpp"

namespace selvage::tryon {

struct OwnerLimit {
  Owner owner;
  std::int64_t daily_jobs = 0;  // 0: no limit
  Timestamp updated_at;
};

// An owner's own limit, in place of OWNER_DAILY_JOBS. Errors: limit.daily_jobs (invalid).
[[nodiscard]] Result<void> set_owner_limit(data::Transaction& tx, const Owner& owner,
                                           std::int64_t daily_jobs);
// False when it had none.
[[nodiscard]] Result<bool> clear_owner_limit(data::Transaction& tx, const Owner& owner);
[[nodiscard]] Result<std::vector<OwnerLimit>> list_owner_limits(data::Transaction& tx,
                                                                std::size_t limit);
// How many jobs of today count for `owner`, as far as a limit made anybody count.
[[nodiscard]] Result<std::int64_t> jobs_today(data::Transaction& tx, const Owner& owner,
                                              Timestamp time);

// Counts one more job, exactly, whoever else does at the same time. `fallback` is the limit of
// owners without their own. Nothing is counted without a limit; a limit that is new today counts
// what today has seen. Errors: limit.daily (rate_limited).
[[nodiscard]] Result<void> count_daily_job(data::Transaction& tx, const Owner& owner,
                                           std::int64_t fallback, Timestamp time);
[[nodiscard]] Timestamp next_day(Timestamp time);
// Removes the counts of days before yesterday. How many rows.
[[nodiscard]] Result<std::int64_t> forget_daily_counts(data::Transaction& tx, Timestamp time);

}  // namespace selvage::tryon
