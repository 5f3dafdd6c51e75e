// Whether the clock by which leases are kept was set back: a lease granted before then would last
// until the old time comes again, and a retry would wait for it.
#pragma once

#include <mutex>
#include <optional>

#include "base/clock.hpp"

namespace selvage::work {

// Smaller steps than this are no reason to act.
inline constexpr milliseconds kClockStep{2'000};
// A step is told of for so long, since the transaction that acts on it may fail.
inline constexpr seconds kStepTold{10};

// Any thread.
class ClockSteps {
 public:
  // `time` is what the clock says at `steady`. True: it was set back since the last look, or
  // shortly before it. The first look of a process also says so, for it cannot know.
  [[nodiscard]] bool set_back(Timestamp time, SteadyTime steady);

 private:
  std::mutex mutex_;
  std::optional<milliseconds> ahead_;  // of the steady clock, at the last look
  SteadyTime told_until_;
};

}  // namespace selvage::work
