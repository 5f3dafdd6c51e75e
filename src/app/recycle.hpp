// Recycling: a process that has grown too large finishes what it does and starts anew, under the
// same pid, with the same arguments and environment, and with its listening sockets, in which
// clients wait meanwhile.
#pragma once

#include <vector>

#include "base/cancel.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/task.hpp"
#include "base/units.hpp"

namespace selvage::app {

inline constexpr seconds kMemoryStep{2};  // between two looks
// A process is not recycled sooner, so that a limit below what it needs at rest cannot make it
// spin.
inline constexpr seconds kLeastLife{30};

// For the time before the service listens for stop signals itself, when there is nothing to finish:
// one ends the process. A handler does it because the kernel spares process 1 of a container
// otherwise.
void end_on_stop_signals();
// For the time after: a stop signal is remembered, and keeps the process from a new life.
void remember_stop_signals();
// Asked last; from then on stop signals wait for the new life.
[[nodiscard]] bool stop_signal_remembered();

// Resumes with true when this process has held more than `most` for two looks in a row; with false
// when cancelled, which is the only way out for a `most` of 0.
[[nodiscard]] Task<bool> memory_exceeded(ByteCount most, CancelToken cancel);

// Runs this program anew in place of this process. Every other thread must have ended; returns only
// when it cannot: recycle.exec (internal). `listeners` pass to the new life, and so does a stop
// signal that comes in between.
[[nodiscard]] Error run_anew(const std::vector<int>& listeners);
// The sockets that an earlier life of this process left; empty the second time.
[[nodiscard]] std::vector<int> inherited_listeners();

}  // namespace selvage::app
