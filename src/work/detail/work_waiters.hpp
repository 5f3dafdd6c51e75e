// Those of this process who wait for tasks, each on its own loop.
#pragma once

#include <list>
#include <mutex>

#include "net/loop.hpp"

namespace selvage::work {

// Any thread. Must outlive its Waiters.
class WorkWaiters {
 public:
  // One who waits on the loop it was made on; woken by every wake_all() of its life.
  class Waiter {
   public:
    explicit Waiter(WorkWaiters& waiters);
    ~Waiter();
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    // True when woken, now or since the last wait(); false after `at_most` or when cancelled.
    [[nodiscard]] Task<bool> wait(milliseconds at_most, CancelToken cancel);

   private:
    friend WorkWaiters;
    WorkWaiters& waiters_;
    net::Signal signal_;
    std::list<Waiter*>::iterator place_;
  };

  void wake_all();

 private:
  std::mutex mutex_;  // also keeps a Waiter alive while it is being woken
  std::list<Waiter*> waiters_;
};

}  // namespace selvage::work
