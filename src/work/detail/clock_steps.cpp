#include "work/detail/clock_steps.hpp"

namespace selvage::work {

bool ClockSteps::set_back(Timestamp time, SteadyTime steady) {
  const milliseconds ahead =
      time.time_since_epoch() - std::chrono::duration_cast<milliseconds>(steady.time_since_epoch());
  const std::lock_guard lock(mutex_);
  if (!ahead_ || *ahead_ - ahead > kClockStep) told_until_ = steady + kStepTold;
  ahead_ = ahead;
  return steady < told_until_;
}

}  // namespace selvage::work
