#include "data/detail/reconnection.hpp"

#include <algorithm>

#include "base/id.hpp"

namespace selvage::data {

Result<std::uint64_t> Reconnection::wait_for_turn(SteadyTime until) {
  std::unique_lock lock(mutex_);
  while (true) {
    const SteadyTime present = steady_now();
    const bool failing = pause_ > milliseconds(0);
    // Not even one try for what has waited its time: each may take long, and a queue of them would
    // hold up for minutes.
    if (failing && (stopped_ || present >= until)) return std::unexpected(last_);
    if (present >= next_try_) {
      next_try_ = present + pause_;
      return failures_;
    }
    changed_.wait_until(lock, std::min(next_try_, until));
  }
}

void Reconnection::failed(std::uint64_t turn, Error why) {
  const std::lock_guard lock(mutex_);
  last_ = std::move(why);
  if (turn != failures_) return;
  ++failures_;
  pause_ = std::clamp(pause_ * 2, kFirstPause, kLongestPause);
  // Spread, so that the processes of a platform do not knock all at once.
  const double spread = 0.75 + random_share() / 2;
  next_try_ = steady_now() +
              milliseconds(static_cast<std::int64_t>(static_cast<double>(pause_.count()) * spread));
}

void Reconnection::succeeded() {
  const std::lock_guard lock(mutex_);
  pause_ = milliseconds(0);
  next_try_ = SteadyTime::min();
  changed_.notify_all();
}

void Reconnection::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

}  // namespace selvage::data
