// Slows down guessing of login codes: at most kLoginTries wrong ones a minute from all sides
// together. Any thread.
#pragma once

#include <deque>
#include <mutex>

#include "base/clock.hpp"

namespace selvage::app {

inline constexpr std::size_t kLoginTries = 5;

class LoginGuard {
 public:
  [[nodiscard]] bool may_try() {
    std::lock_guard lock(mutex_);
    const SteadyTime now = steady_now();
    while (!wrong_.empty() && now - wrong_.front() > std::chrono::minutes(1)) wrong_.pop_front();
    return wrong_.size() < kLoginTries;
  }
  void was_wrong() {
    std::lock_guard lock(mutex_);
    wrong_.push_back(steady_now());
  }

 private:
  std::mutex mutex_;
  std::deque<SteadyTime> wrong_;
};

}  // namespace selvage::app
