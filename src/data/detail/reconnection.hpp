// When the threads of a pool may try to connect: at once while all is well; after a failure one
// after the other, at growing intervals, until one succeeds and all go on.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace selvage::data {

inline constexpr milliseconds kFirstPause{50};
inline constexpr milliseconds kLongestPause{2'000};

// Any thread.
class Reconnection {
 public:
  // Waits for this thread's turn to try and names it. While nobody succeeds: the last failure, once
  // `until` has passed, or after stop().
  [[nodiscard]] Result<std::uint64_t> wait_for_turn(SteadyTime until);
  // What became of a turn. Turns of one moment that all fail count as one failure.
  void failed(std::uint64_t turn, Error why);
  void succeeded();
  // Nobody waits any more.
  void stop();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  milliseconds pause_{0};
  SteadyTime next_try_ = SteadyTime::min();
  std::uint64_t failures_ = 0;
  Error last_;
  bool stopped_ = false;
};

}  // namespace selvage::data
