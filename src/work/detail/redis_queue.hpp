// RedisQueue: one queue of the Redis broker, through one connection.
#pragma once

#include <deque>
#include <memory>

#include "work/broker.hpp"
#include "work/detail/outbox.hpp"
#include "work/detail/redis_calls.hpp"
#include "work/detail/redis_settling.hpp"
#include "work/detail/redis_waiting.hpp"

namespace selvage::work {

inline constexpr std::size_t kMaxClaim = 256;  // tasks of one claim; bounds the answer in memory

struct RedisDepth {
  QueueDepth shown;
  std::int64_t waiting = 0;  // ready and delayed
};

// On the home loop only. `group` runs what the queue does beside its callers and must be joined
// after stop().
class RedisQueue {
 public:
  RedisQueue(net::Loop& home, const RedisCallOptions& options, QueueForm form, milliseconds poll,
             TaskGroup& group);

  [[nodiscard]] Task<Result<std::vector<Lease>>> lease(std::string worker_id, std::size_t max,
                                                       milliseconds duration);
  // The leases that are not held any more.
  [[nodiscard]] Task<Result<std::vector<LeaseRef>>> extend(std::vector<LeaseRef> held,
                                                           milliseconds duration);
  [[nodiscard]] Task<Result<bool>> settle(Settlement wish);
  [[nodiscard, clang::coro_wrapper]] Task<void> wait(milliseconds at_most, CancelToken cancel) {
    return waiting_.wait(at_most, std::move(cancel));
  }
  void wake() { waiting_.wake(); }

  // Brings tasks of the outbox in; returns the run id of the server that has them now.
  [[nodiscard]] Task<Result<std::string>> ship(std::vector<OutboxRow> rows);
  [[nodiscard]] Task<Result<RedisDepth>> depth();
  // Forgets old ids. Every second or so, by every process.
  [[nodiscard]] Task<Result<void>> upkeep();
  [[nodiscard]] Task<Result<void>> pause(bool paused);
  [[nodiscard]] Task<Result<bool>> revive(std::string id);
  [[nodiscard]] Task<Result<bool>> discard_dead(std::string id);

  [[nodiscard]] RedisCalls& calls() { return calls_; }
  // Of the server last met; empty before the first.
  [[nodiscard]] const std::string& server() { return calls_.redis().server_run_id(); }
  void stop() { waiting_.stop(); }

 private:
  [[nodiscard]] Task<Result<void>> recall_lost();
  [[nodiscard]] std::vector<std::string> claim_arguments(const std::string& holder, std::size_t max,
                                                         milliseconds duration) const;
  [[nodiscard]] Result<std::vector<Lease>> read_claim(data::RedisReply::Array parts);
  void absorb_soon();
  Task<void> absorb_all();
  [[nodiscard]] Task<Result<bool>> end_dead(std::string_view how, std::string id);

  TaskGroup& group_;
  RedisCalls calls_;
  RedisSettling settling_;
  RedisWaiting waiting_;
  std::uint64_t claims_ = 0;
  std::deque<std::string>
      lost_claims_;  // holders under which tasks may be held without our knowing
  bool absorbing_ = false;
  std::string parked_cursor_;
  std::string next_digest_;  // of the next raw element, and since when it has been that
  SteadyTime next_since_;
};

}  // namespace selvage::work
