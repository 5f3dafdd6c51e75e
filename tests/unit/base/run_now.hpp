// Runs a Task without an event loop: enough for tasks that only await each other, and for stepping
// one that waits on a Gate.
#pragma once

#include <coroutine>
#include <optional>
#include <utility>

#include "base/task.hpp"

namespace selvage::test {

// The driver of one task. It ends with the task; what the task returned or threw is in the Outcome.
struct Driver {
  struct promise_type {
    Driver get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};

template <class T>
struct Outcome {
  std::optional<T> value;
  std::exception_ptr exception;
  bool done() const { return value.has_value() || exception; }
};

template <class T>
Driver drive(Task<T> task, Outcome<T>* outcome) {
  try {
    outcome->value.emplace(co_await std::move(task));
  } catch (...) {  // handed to the test
    outcome->exception = std::current_exception();
  }
}

// REQUIRES: the task ends without waiting for anything.
template <class T>
T run_now(Task<T> task) {
  Outcome<T> outcome;
  drive(std::move(task), &outcome);
  if (outcome.exception) std::rethrow_exception(outcome.exception);
  SELVAGE_CHECK(outcome.value);
  return std::move(*outcome.value);
}

// Something to wait for: `co_await gate.wait()` suspends until open(). One waiter.
class Gate {
 public:
  auto wait() {
    struct Awaiter {
      Gate& gate;
      bool await_ready() const noexcept { return gate.open_; }
      void await_suspend(std::coroutine_handle<> awaiting) noexcept { gate.waiter_ = awaiting; }
      void await_resume() const noexcept {}
    };
    return Awaiter{*this};
  }
  void open() {
    open_ = true;
    if (waiter_) std::exchange(waiter_, nullptr).resume();
  }

 private:
  bool open_ = false;
  std::coroutine_handle<> waiter_;
};

}  // namespace selvage::test
