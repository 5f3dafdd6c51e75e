// Hop: awaiting, on any loop, work that belongs to one loop.
//
//   co_return co_await net::run_on(home_, [this, key] [[clang::coro_wrapper]] () { return
//   load(key); });
//
// The task that `start` makes runs on `home` from its first step to its last; the awaiter resumes
// on its own loop. On `home` itself it is a plain await. REQUIRES: `home` runs until the task is
// done.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/task.hpp"
#include "net/loop.hpp"

namespace selvage::net {

template <class Start>
[[nodiscard]] std::invoke_result_t<Start&> run_on(Loop& home, Start start);

namespace detail {

template <class T>
class Hop {
 public:
  Hop(Loop& home, Task<T> task) : home_(home), task_(std::move(task)) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> awaiting) {
    awaiting_ = awaiting;
    here_ = &Loop::current();
    start_on(home_, run());
  }
  T await_resume() {
    if (failure_) std::rethrow_exception(failure_);
    if constexpr (!std::is_void_v<T>) return std::move(*value_);
  }

 private:
  Task<void> run() {
    try {
      if constexpr (std::is_void_v<T>) {
        co_await std::move(task_);
      } else {
        value_.emplace(co_await std::move(task_));
      }
    } catch (...) {  // rethrown on the awaiting loop
      failure_ = std::current_exception();
    }
    here_->resume(awaiting_);
  }

  using Slot = std::conditional_t<std::is_void_v<T>, bool, T>;
  Loop& home_;
  Task<T> task_;
  Loop* here_ = nullptr;
  std::coroutine_handle<> awaiting_;
  std::optional<Slot> value_;
  std::exception_ptr failure_;
};

}  // namespace detail

template <class Start>
std::invoke_result_t<Start&> run_on(Loop& home, Start start) {
  using Made = std::invoke_result_t<Start&>;
  if (&Loop::current() == &home) co_return co_await start();
  using Value = decltype(std::declval<Made>().operator co_await().await_resume());
  detail::Hop<Value> hop(home, start());
  co_return co_await hop;
}

}  // namespace selvage::net
