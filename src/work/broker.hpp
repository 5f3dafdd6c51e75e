// Broker: where tasks wait and who holds them.
//
// A task is opaque bytes with an id. A worker takes a lease on it; the lease's `token` grows with
// every hand-out of the same task (fencing), so whoever acts on a task can show in its committing
// transaction that it is the latest holder. A lease lapses unless it is extended; then another
// worker gets the task with a higher token. Nothing is ever only in a worker's memory. All
// Task-returning calls may be awaited on any loop.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/cancel.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/task.hpp"
#include "data/database.hpp"

namespace selvage::work {

inline constexpr std::size_t kMaxPayload = 256 * 1024;  // bytes

struct NewTask {
  std::string
      id;  // unique in its queue for as long as the broker knows it; a second one is refused
  std::string queue;
  std::string payload;              // at most kMaxPayload
  int priority = 0;                 // 0..9, 0 is served first (as Celery does on Redis)
  std::optional<Timestamp> run_at;  // not before
};

struct LeaseRef {
  std::string task_id;
  std::string queue;
  std::int64_t token = 0;
};

struct Lease {
  LeaseRef ref;
  std::string payload;
  int deliveries = 1;  // how often it was handed out, this time included
  int retries = 0;     // how often a handler asked for a later try
  Timestamp enqueued_at;
  Timestamp due_at;  // when it could first run; queue wait counts from here
};

struct TaskView {
  std::string id;
  std::string queue;
  std::string state;  // ready, delayed, leased, dead
  std::string payload;
  std::string holder;  // worker id, when leased
  std::string reason;  // why it is dead, or of the last retry
  int priority = 0;
  int deliveries = 0;
  int retries = 0;
  std::int64_t token = 0;
  Timestamp enqueued_at;
  Timestamp run_at;
  std::optional<Timestamp> lease_until;
};

struct QueueDepth {
  std::string queue;
  std::int64_t ready = 0;
  std::int64_t delayed = 0;
  std::int64_t leased = 0;
  std::int64_t dead = 0;
  std::optional<milliseconds> oldest_ready;  // age of the task that has waited longest
};

class Broker {
 public:
  virtual ~Broker() = default;

  // Adds tasks as a part of the caller's transaction: they exist if and only if it commits. A
  // broker that lives elsewhere writes to an outbox and ships after the commit. Errors:
  // queue.duplicate (conflict), queue.payload_too_large, queue.full (rate_limited) when the queue
  // holds its maximum.
  [[nodiscard]] virtual Result<void> enqueue(data::Transaction& tx,
                                             std::span<const NewTask> tasks) = 0;
  // After a commit that enqueued: lets waiting workers of this process know at once.
  virtual void notify() = 0;

  // Takes at most `max` due tasks, lapsed leases of others included, best priority and longest wait
  // first.
  [[nodiscard]] virtual Task<Result<std::vector<Lease>>> lease(std::string queue,
                                                               std::string worker_id,
                                                               std::size_t max,
                                                               milliseconds duration) = 0;
  // Extends those that are still held; returns the ones that are not (stop working on them).
  [[nodiscard]] virtual Task<Result<std::vector<LeaseRef>>> extend(std::vector<LeaseRef> held,
                                                                   milliseconds duration) = 0;
  // The rest end a lease. False: it was lost, nothing was changed.
  [[nodiscard]] virtual Task<Result<bool>> complete(LeaseRef lease) = 0;
  [[nodiscard]] virtual Task<Result<bool>> retry_later(LeaseRef lease, Timestamp run_at,
                                                       std::string reason) = 0;
  [[nodiscard]] virtual Task<Result<bool>> hand_back(
      LeaseRef lease) = 0;  // at once, no retry counted
  [[nodiscard]] virtual Task<Result<bool>> bury(LeaseRef lease, std::string reason) = 0;

  // Resumes when there may be work in `queue`, or after `at_most`.
  [[nodiscard]] virtual Task<void> wait_for_work(std::string queue, milliseconds at_most,
                                                 CancelToken cancel) = 0;

  // Of `ids`, those that wait in the queue (ready or delayed) or are held by a live lease.
  [[nodiscard]] virtual Task<Result<std::vector<std::string>>> alive(
      std::string queue, std::vector<std::string> ids) = 0;

  // For operators.
  [[nodiscard]] virtual Task<Result<std::vector<QueueDepth>>> depths() = 0;
  [[nodiscard]] virtual Task<Result<std::vector<TaskView>>> list(std::string queue,
                                                                 std::string state,  // empty: all
                                                                 std::size_t limit,
                                                                 std::string after_id) = 0;
  [[nodiscard]] virtual Task<Result<std::optional<TaskView>>> find(std::string queue,
                                                                   std::string id) = 0;
  // Dead -> ready with its counters at zero. False: no dead task of that id.
  [[nodiscard]] virtual Task<Result<bool>> revive(std::string queue, std::string id) = 0;
  [[nodiscard]] virtual Task<Result<bool>> discard_dead(std::string queue, std::string id) = 0;
  [[nodiscard]] virtual Task<Result<void>> ping() = 0;
};

}  // namespace selvage::work
