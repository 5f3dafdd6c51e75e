// Wait: one suspended coroutine and the three things that may end its wait, whichever comes first:
// the event it waits for, its deadline, its cancellation. Everything happens on one loop's thread.
//
//   Wait wait(timers, request.deadline, request.cancel, [&](WaitEnd) { queue.remove(me); });
//   queue.push(me);  // whoever serves the queue calls wait.finish()
//   if (co_await wait != WaitEnd::done) ...
#pragma once

#include <coroutine>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "base/cancel.hpp"
#include "base/clock.hpp"
#include "net/loop.hpp"

namespace selvage::net::detail {

// Many deadlines on one timer of the loop. Must be destroyed on the loop's thread or after its
// run(), and before the loop.
class Timers {
 public:
  explicit Timers(Loop& loop);
  ~Timers();
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  using Key = std::pair<SteadyTime, std::uint64_t>;
  // Calls `expired` once at `when`, unless removed before. Never from inside add().
  Key add(SteadyTime when, std::function<void()> expired);
  void remove(Key key);
  [[nodiscard]] Loop& loop() { return loop_; }

 private:
  struct Clock;
  void arm();
  void fire();

  Loop& loop_;
  std::map<Key, std::function<void()>> waiting_;
  std::uint64_t next_ = 0;
  std::unique_ptr<Clock> clock_;
  std::shared_ptr<Timers*>
      alive_;  // shared with timer handlers that may run after this object's end
};

enum class WaitEnd { done, timed_out, cancelled };

class Wait {
 public:
  // `gave_up` is called once when the deadline or the cancellation ends the wait, before the
  // coroutine resumes: there the owner takes back whatever would call finish(). Not called for
  // finish().
  Wait(Timers& timers, Deadline deadline, CancelToken cancel, std::function<void(WaitEnd)> gave_up);
  ~Wait();
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;

  // The event happened. Later calls change nothing. The awaiter resumes in a later turn of the
  // loop.
  void finish();

  auto operator co_await() {
    struct Awaiter {
      Wait& wait;
      bool await_ready() const noexcept { return wait.end_.has_value(); }
      bool await_suspend(std::coroutine_handle<> awaiting) { return wait.suspend(awaiting); }
      WaitEnd await_resume() const noexcept { return *wait.end_; }
    };
    return Awaiter{*this};
  }

 private:
  bool suspend(std::coroutine_handle<> awaiting);
  void give_up(WaitEnd end);
  void end_with(WaitEnd end);

  Timers& timers_;
  Deadline deadline_;
  CancelToken cancel_;
  std::function<void(WaitEnd)> gave_up_;
  std::coroutine_handle<> awaiting_;
  std::optional<WaitEnd> end_;
  std::optional<Timers::Key> timer_;
  CancelToken::Registration registration_;
};

}  // namespace selvage::net::detail
