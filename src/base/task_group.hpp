// TaskGroup: the one supervised place for work that runs beside its starter.
//
// Lives on one event loop; every member must be called on that loop's thread. Tasks start at once
// and run until their first suspension. An exception that escapes a task is a bug: it is logged,
// counted, and does not reach the siblings. REQUIRES: `co_await join()`, or a size() of 0, before
// destruction; declare the group last in its class so that nothing a task uses dies before it.
#pragma once

#include <coroutine>
#include <cstddef>
#include <string_view>

#include "base/task.hpp"

namespace selvage {

class TaskGroup {
 public:
  TaskGroup() = default;
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup();

  // Starts `task` now. `what` names it in logs and must be a string literal.
  void spawn(Task<void> task, std::string_view what);

  [[nodiscard]] std::size_t size() const { return running_; }
  // How many tasks ended with an exception.
  [[nodiscard]] std::size_t crashed() const { return crashed_; }

  // Resumes when no task is left. One awaiter at a time.
  [[nodiscard]] auto join() {
    struct Awaiter {
      TaskGroup& group;
      bool await_ready() const noexcept { return group.running_ == 0; }
      void await_suspend(std::coroutine_handle<> awaiting) noexcept {
        SELVAGE_CHECK(!group.joiner_);
        group.joiner_ = awaiting;
      }
      void await_resume() const noexcept {}
    };
    return Awaiter{*this};
  }

 private:
  struct Detached;
  static Detached run(TaskGroup& group, Task<void> task, std::string_view what);
  void note_crash(std::string_view what, std::string_view why);
  void finished();

  std::size_t running_ = 0;
  std::size_t crashed_ = 0;
  std::coroutine_handle<> joiner_;
};

}  // namespace selvage
