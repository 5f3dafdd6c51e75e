// Shipping: brings tasks from the outbox to their queues on Redis, at once for those of this
// process, and within about two seconds those of processes that died with theirs.
//
// Shipping is repeated rather than left out: a task is marked as shipped only when Redis has
// answered, and marked as waiting again when the queue is found at another server than the one that
// took it. The queue drops what it knows already.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>

#include "data/database.hpp"
#include "net/loop.hpp"
#include "work/detail/known_depths.hpp"
#include "work/detail/redis_queues.hpp"

namespace selvage::work {

class Shipping {
 public:
  // All must outlive it. `origin` names this process in the outbox.
  Shipping(data::Database& database, net::Loop& home, RedisQueues& queues, KnownDepths& depths,
           std::string origin);

  // Any thread: `queue` may have something to ship.
  void expect(const std::string& queue);
  void soon() { signal_.set_from_any_thread(); }
  // On the home loop, until cancelled.
  [[nodiscard]] Task<void> run(CancelToken stop);
  // On the home loop: the server of `queue` has just answered; looks after what was shipped.
  [[nodiscard]] Task<Result<void>> look_after(RedisQueue& queue);

 private:
  [[nodiscard]] std::set<std::string> names();
  [[nodiscard]] Task<Result<bool>> ship(std::string name);

  data::Database& database_;
  RedisQueues& queues_;
  KnownDepths& depths_;
  const std::string origin_;
  net::Signal signal_;
  std::mutex mutex_;
  std::set<std::string> names_;
  std::map<std::string, std::string> servers_;  // queue -> run id of the server last looked after
  std::map<std::string, SteadyTime> forgot_at_;
};

}  // namespace selvage::work
