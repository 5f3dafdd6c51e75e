// How many tasks wait in each queue, known well enough to refuse more than the maximum without
// counting at every enqueue.
//
// Counting 100,000 index entries takes milliseconds on the one writer; a counter row would be a hot
// spot of every transaction that touches a task. So the last exact count is kept, and what was
// added since is put on top: an upper bound. Only when the bound reaches the maximum, or after
// kStale (another process may have added), the queue is counted again; and a count that took long
// is paid for by a pause, so that counting never takes more than a twentieth of the writer's time.
// While a full queue may not be counted it stays full.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "base/clock.hpp"
#include "data/database.hpp"

namespace selvage::work {

// Any thread.
class QueueRoom {
 public:
  explicit QueueRoom(std::int64_t max_waiting) : max_waiting_(max_waiting) {}
  // Errors: queue.full (rate_limited) when `more` tasks do not fit, db.*.
  [[nodiscard]] Result<void> reserve(data::Transaction& tx, const std::string& queue,
                                     std::int64_t more);

 private:
  static constexpr milliseconds kStale{1000};
  static constexpr milliseconds kFreeCount{1};  // a count this quick needs no pause
  static constexpr int kPause = 20;             // times as long as the count took

  struct Bound {
    std::int64_t waiting = 0;
    SteadyTime counted_at = SteadyTime::min();
    SteadyTime next_count = SteadyTime::min();
  };
  [[nodiscard]] Result<void> count(data::Transaction& tx, const std::string& queue, Bound& bound);

  const std::int64_t max_waiting_;
  std::mutex mutex_;
  std::map<std::string, Bound> bounds_;  // as many as the process has queues
};

}  // namespace selvage::work
