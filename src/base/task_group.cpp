#include "base/task_group.hpp"

#include <exception>
#include <utility>

#include "base/log.hpp"

namespace selvage {

// A coroutine without an owner: it frees itself at its end. Only TaskGroup makes them.
struct TaskGroup::Detached {
  struct promise_type {
    Detached get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
  };
};

TaskGroup::~TaskGroup() { SELVAGE_CHECK(running_ == 0); }

void TaskGroup::spawn(Task<void> task, std::string_view what) { run(*this, std::move(task), what); }

TaskGroup::Detached TaskGroup::run(TaskGroup& group, Task<void> task, std::string_view what) {
  ++group.running_;
  {
    Task<void> owned = std::move(task);
    try {
      co_await std::move(owned);
    } catch (const std::exception& bug) {
      group.note_crash(what, bug.what());
    } catch (...) {  // a supervised task must not take the process down, whatever it throws
      group.note_crash(what, "an exception that is no std::exception");
    }
  }  // the task's frame, and all it owns, is gone before the joiner learns of it
  group.finished();
}

void TaskGroup::note_crash(std::string_view what, std::string_view why) {
  ++crashed_;
  log::error("task_crashed", {{"task", what}, {"error", why}});
}

// The joiner may destroy the group, so nothing of it is touched after the resumption.
void TaskGroup::finished() {
  if (--running_ == 0 && joiner_) std::exchange(joiner_, nullptr).resume();
}

}  // namespace selvage
