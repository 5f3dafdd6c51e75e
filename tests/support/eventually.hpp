// Waiting for what another thread, process or server will do.
#pragma once

#include <thread>

#include "base/clock.hpp"

namespace selvage::testing {

// Polls a condition; false when it does not come true in `at_most`, which is generous.
template <class Condition>
bool eventually(Condition condition, milliseconds at_most = seconds(30)) {
  const Deadline end = Deadline::after(at_most);
  while (!condition()) {
    if (end.passed()) return false;
    std::this_thread::sleep_for(milliseconds(3));
  }
  return true;
}

}  // namespace selvage::testing
