#include "work/detail/queue_room.hpp"

#include <fmt/format.h>

namespace selvage::work {

Result<void> QueueRoom::reserve(data::Transaction& tx, const std::string& queue,
                                std::int64_t more) {
  const std::scoped_lock lock(mutex_);
  Bound& bound = bounds_[queue];
  const SteadyTime time = steady_now();
  const bool never = bound.counted_at == SteadyTime::min();
  const bool stale = never || time - bound.counted_at > kStale;
  const bool too_many = bound.waiting + more > max_waiting_;
  if ((stale || too_many) && time >= bound.next_count) TRY(count(tx, queue, bound));
  if (bound.waiting + more > max_waiting_) {
    return fail(
        ErrorKind::rate_limited, "queue.full",
        fmt::format("the queue {} holds its maximum of {} waiting tasks", queue, max_waiting_),
        "try again later, add workers, or raise QUEUE_MAX_READY");
  }
  bound.waiting += more;
  return {};
}

Result<void> QueueRoom::count(data::Transaction& tx, const std::string& queue, Bound& bound) {
  const SteadyTime begin = steady_now();
  bound.waiting = TRY(count_waiting_(tx, queue, max_waiting_ + 1));
  bound.counted_at = steady_now();
  const auto took = bound.counted_at - begin;
  const milliseconds free =
      tx.dialect() == data::Dialect::postgres ? kFreeCountOnPostgres : kFreeCount;
  bound.next_count = took > free ? bound.counted_at + kPause * took : bound.counted_at;
  return {};
}

}  // namespace selvage::work
