// Loop: one event loop on one thread, an Asio reactor underneath that no other room sees.
//
// Everything awaited on a loop resumes on that loop. post() and resume() may be called from any
// thread; all else only on the loop's own thread. Timers use the steady clock.
#pragma once

#include <coroutine>
#include <functional>
#include <memory>
#include <utility>

#include "base/cancel.hpp"
#include "base/clock.hpp"
#include "base/task.hpp"

namespace boost::asio {
class io_context;
}

namespace selvage::net {

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // The loop this thread is running. REQUIRES: called from inside run() (a bug otherwise).
  [[nodiscard]] static Loop& current();

  // Runs until stop(); returns at once if stop() was called before. Once in a loop's life on one
  // thread.
  void run();
  // Any thread. What is posted before it still runs.
  void stop();
  // Any thread; runs `work` later on the loop's thread.
  void post(std::move_only_function<void()> work);
  // Any thread; resumes `waiting` later on the loop's thread.
  void resume(std::coroutine_handle<> waiting);

  // Runs the loop on this thread until `task` is done and returns its result: for main and for
  // tests.
  template <class T>
  T run_until_done(Task<T> task);

  [[nodiscard]] boost::asio::io_context& context();  // for net/detail only

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Waits on the current loop. True when the time has passed, false when `cancel` came first.
[[nodiscard]] Task<bool> sleep_for(milliseconds duration, CancelToken cancel = {});

// Something happened, wake up: set() releases every waiter; the next wait() blocks until the next
// set(). A set() without waiters is remembered once. All on one loop, but set_from_any_thread().
class Signal {
 public:
  explicit Signal(Loop& loop);
  ~Signal();
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;
  void set();
  void set_from_any_thread();
  // True when set, false after `at_most` or when cancelled.
  [[nodiscard]] Task<bool> wait(milliseconds at_most, CancelToken cancel = {});

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with posted wake-ups that may outlive the signal
};

// Resumes with SIGINT or SIGTERM's number each time one arrives on the loop; installs the handlers.
class StopSignals {
 public:
  explicit StopSignals(Loop& loop);
  ~StopSignals();
  // The number of the signal, or 0 when cancelled. One awaiter.
  [[nodiscard]] Task<int> next(CancelToken cancel = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

namespace detail {
template <class T>
Task<void> finish_and_stop(Loop& loop, Task<T> task, std::optional<T>& slot,
                           std::exception_ptr& failure);
Task<void> finish_and_stop(Loop& loop, Task<void> task, std::exception_ptr& failure);
void start_on(Loop& loop, Task<void> task);
}  // namespace detail

template <class T>
Task<void> detail::finish_and_stop(Loop& loop, Task<T> task, std::optional<T>& slot,
                                   std::exception_ptr& failure) {
  try {
    slot.emplace(co_await std::move(task));
  } catch (...) {  // carried to the caller of run_until_done
    failure = std::current_exception();
  }
  loop.stop();
}

template <class T>
T Loop::run_until_done(Task<T> task) {
  std::exception_ptr failure;
  if constexpr (std::is_void_v<T>) {
    detail::start_on(*this, detail::finish_and_stop(*this, std::move(task), failure));
    run();
    if (failure) std::rethrow_exception(failure);
  } else {
    std::optional<T> slot;
    detail::start_on(*this, detail::finish_and_stop(*this, std::move(task), slot, failure));
    run();
    if (failure) std::rethrow_exception(failure);
    return std::move(*slot);
  }
}

}  // namespace selvage::net
