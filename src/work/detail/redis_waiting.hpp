// RedisWaiting: how workers learn that a queue may have work, without a loop of questions.
//
// Three things wake them: an element in the raw list, seen by a blocking look that leaves it where
// it is (BLMOVE of the list's end to the same end); a message on the queue's channel, which scripts
// that add work publish; and wake(), for what this process knows. What is missed (an element of a
// Celery list of another priority, a message of a moment without connection) is found by the poll.
#pragma once

#include <list>
#include <memory>
#include <optional>

#include "base/task_group.hpp"
#include "net/loop.hpp"
#include "work/detail/redis_calls.hpp"

namespace selvage::work {

// On the calls' home loop only.
class RedisWaiting {
 public:
  RedisWaiting(RedisCalls& calls, TaskGroup& group, milliseconds poll);
  ~RedisWaiting();

  void wake();
  // Grows with every wake(): tell claimed() what it was before the claim.
  [[nodiscard]] std::uint64_t wakes() const { return wakes_; }
  // What the last claim said.
  void claimed(std::uint64_t wakes_before, bool paused, std::optional<milliseconds> until_due);
  // Resumes when there may be work, or after `at_most`, or when cancelled.
  [[nodiscard]] Task<void> wait(milliseconds at_most, CancelToken cancel);
  // Ends what runs in the group.
  void stop() { stop_.cancel(); }

 private:
  void look_for_elements();
  void listen();
  Task<void> look();

  RedisCalls& calls_;
  TaskGroup& group_;
  const milliseconds poll_;
  CancelSource stop_;
  std::list<net::Signal*> waiters_;
  std::uint64_t wakes_ = 0;
  std::uint64_t wakes_at_claim_ = 0;
  bool paused_ = false;
  std::optional<SteadyTime> due_;
  bool looking_ = false;
  std::unique_ptr<data::RedisSubscription> subscription_;
};

}  // namespace selvage::work
