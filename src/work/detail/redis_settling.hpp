// RedisSettling: ends leases, gathering what one turn of the loop wants into one script call.
//
// An answer that was lost on its way (the connection broke) leaves open whether the lease ended.
// The call is then repeated at once, and when that fails too its caller repeats it. A repeated call
// that finds the lease gone counts as done: the caller asks only while it holds the lease, so
// nobody else can have taken it.
#pragma once

#include <coroutine>
#include <unordered_map>
#include <vector>

#include "base/task_group.hpp"
#include "work/broker.hpp"
#include "work/detail/redis_calls.hpp"

namespace selvage::work {

enum class LeaseEnd : char { complete = 'c', retry = 'r', hand_back = 'h', bury = 'b' };

struct Settlement {
  LeaseEnd what = LeaseEnd::complete;
  std::int64_t token = 0;
  bool traceless = false;  // complete, of a task that is known nowhere but in its lease
  std::int64_t ms = 0;     // retry: after so long; hand_back: not before this time
  std::string reason;      // of retry and bury
};

// On the calls' home loop only. All settle() calls must have ended before its destruction.
class RedisSettling {
 public:
  RedisSettling(RedisCalls& calls, TaskGroup& group) : calls_(calls), group_(group) {}
  // False: the lease was lost, nothing was changed.
  [[nodiscard]] Task<Result<bool>> settle(Settlement wish);

 private:
  struct Waiting {
    Settlement wish;
    Result<bool> answer = false;
    std::coroutine_handle<> awaiting;
  };
  using Batch = std::vector<Waiting*>;
  struct Joining;

  void join(Waiting& waiting);
  void send_all();
  Task<void> send(Batch batch, bool traceless);
  Task<Result<std::vector<bool>>> ask(const Batch& batch, bool traceless);
  void answer(const Batch& batch, Result<std::vector<bool>> held);
  void remember_unsure(const Batch& batch);

  RedisCalls& calls_;
  TaskGroup& group_;
  Batch traceless_;
  Batch others_;
  bool send_due_ = false;
  std::unordered_map<std::int64_t, SteadyTime> unsure_;  // tokens whose end may have happened
};

}  // namespace selvage::work
