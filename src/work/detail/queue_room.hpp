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

#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "base/clock.hpp"
#include "data/database.hpp"

namespace selvage::work {

// Any thread.
class QueueRoom {
 public:
  // Counts the tasks that wait in a queue; a count of more than `up_to` need not be exact.
  using Count = std::function<Result<std::int64_t>(data::Transaction& tx, const std::string& queue,
                                                   std::int64_t up_to)>;
  QueueRoom(std::int64_t max_waiting, Count count)
      : max_waiting_(max_waiting), count_waiting_(std::move(count)) {}
  // Errors: queue.full (rate_limited) when `more` tasks do not fit, db.*.
  [[nodiscard]] Result<void> reserve(data::Transaction& tx, const std::string& queue,
                                     std::int64_t more);

 private:
  static constexpr milliseconds kStale{1000};
  // A count this quick needs no pause: on PostgreSQL it takes at least a round trip, and holds up
  // nobody else.
  static constexpr milliseconds kFreeCount{1};
  static constexpr milliseconds kFreeCountOnPostgres{10};
  static constexpr int kPause = 20;  // times as long as the count took

  struct Bound {
    std::int64_t waiting = 0;
    SteadyTime counted_at = SteadyTime::min();
    SteadyTime next_count = SteadyTime::min();
  };
  [[nodiscard]] Result<void> count(data::Transaction& tx, const std::string& queue, Bound& bound);

  const std::int64_t max_waiting_;
  const Count count_waiting_;
  std::mutex mutex_;
  std::map<std::string, Bound> bounds_;  // as many as the process has queues
};

}  // namespace selvage::work
