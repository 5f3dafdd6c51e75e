// A sized pool of threads for what would block an event loop: SQL, image work, file I/O. The
// first thread starts with it, each further one with the first work that no other is free for.
//
// run() may be awaited on any loop; `work` runs on a pool thread, the awaiter resumes on its own
// loop. The queue is bounded: when it is full, run() answers an `unavailable` error (pool.full)
// instead of growing. Destruction finishes what is queued. An exception out of `work` is rethrown
// to the awaiter.
#pragma once

#include <coroutine>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>

#include "base/task.hpp"
#include "net/loop.hpp"

namespace selvage::net {

class BlockingPool {
 public:
  // `name` is the threads' name (at most 12 characters) and the metrics' label.
  BlockingPool(std::string name, std::size_t threads, std::size_t max_queued = 4096);
  ~BlockingPool();
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  // REQUIRES: F() returns Result<T>.
  template <class F>
  [[nodiscard]] Task<std::invoke_result_t<F&>> run(F work) {
    using Outcome = std::invoke_result_t<F&>;
    std::optional<Outcome> outcome;
    std::exception_ptr failure;
    auto job = [&] {
      try {
        outcome.emplace(work());
      } catch (...) {  // rethrown on the awaiting loop
        failure = std::current_exception();
      }
    };
    if (!co_await Submission{*this, job}) {
      co_return fail(ErrorKind::unavailable, "pool.full",
                     "the " + name_ + " pool has too much work queued", "try again in a moment");
    }
    if (failure) std::rethrow_exception(failure);
    co_return std::move(*outcome);
  }

  [[nodiscard]] std::size_t queued() const;   // any thread
  [[nodiscard]] std::size_t threads() const;  // at most; any thread

 private:
  // Awaits the end of `job`; false when it was refused.
  struct Submission {
    BlockingPool& pool;
    std::function<void()> job;
    bool accepted = false;
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> awaiting);
    bool await_resume() const noexcept { return accepted; }
  };
  struct Impl;
  std::string name_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace selvage::net
