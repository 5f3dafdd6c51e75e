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
inline constexpr std::size_t kMaxName = 200;            // bytes of a task id, a queue name, a key

struct NewTask {
  std::string
      id;  // unique in its queue for as long as the broker knows it; a second one is refused
  std::string queue;
  std::string payload;              // at most kMaxPayload
  int priority = 0;                 // 0..9, 0 is served first (as Celery does on Redis)
  std::optional<Timestamp> run_at;  // not before
  // Whose task it is ("b2b:store-1"). Within a priority, the tasks of different keys take turns, so
  // that one with ten thousand of them does not keep another with one waiting. A task without a key
  // counts as an owner of its own. At most kMaxName bytes.
  std::string fair_key;
  // The payload is a Celery message, for Celery's workers as for ours: on Redis it becomes an
  // element of the list of its priority, where both look. Such a task has no fair key and no
  // `run_at`.
  bool for_celery = false;
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
  std::string fair_key;
  int priority = 0;
  int deliveries = 0;
  int retries = 0;
  std::int64_t token = 0;
  Timestamp enqueued_at;
  Timestamp run_at;
  std::optional<Timestamp> lease_until;
};

inline constexpr std::size_t kMaxSoonestBytes = 8U << 20U;  // of the payloads of one answer

struct SoonestTasks {
  std::vector<TaskView> tasks;  // the first to fall due first
  bool more = false;            // others wait, too
};

struct QueueDepth {
  std::string queue;
  std::int64_t ready = 0;
  std::int64_t delayed = 0;
  std::int64_t leased = 0;
  std::int64_t dead = 0;
  bool paused = false;
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

  // Upkeep until `stop` (a broker that has none returns at once): run beside everything that uses
  // the broker, on its home loop.
  [[nodiscard]] virtual Task<void> run(CancelToken stop) = 0;
  // Ends its connections: the last call before its destruction, also when run() was never called.
  [[nodiscard]] virtual Task<void> close() = 0;

  // Takes at most `max` due tasks, lapsed leases of others first, then by priority and the turns of
  // the fair keys; one key's tasks come in the order in which they fell due. None of a paused
  // queue.
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
  // For anybody, not before `not_before` (a time that has passed: at once); counts neither as a
  // delivery nor as a retry.
  [[nodiscard]] virtual Task<Result<bool>> hand_back(LeaseRef lease, Timestamp not_before) = 0;
  [[nodiscard]] virtual Task<Result<bool>> bury(LeaseRef lease, std::string reason) = 0;

  // Resumes when there may be work in `queue`, or after `at_most`.
  [[nodiscard]] virtual Task<void> wait_for_work(std::string queue, milliseconds at_most,
                                                 CancelToken cancel) = 0;

  // Of `ids`, those that wait in the queue (ready or delayed) or are held by a live lease.
  [[nodiscard]] virtual Task<Result<std::vector<std::string>>> alive(
      std::string queue, std::vector<std::string> ids) = 0;

  // For operators.
  // While a queue is paused nobody takes from it; everything else goes on. It outlives all
  // processes.
  [[nodiscard]] virtual Task<Result<void>> pause(std::string queue, bool paused) = 0;
  [[nodiscard]] virtual Task<Result<std::vector<QueueDepth>>> depths() = 0;
  [[nodiscard]] virtual Task<Result<std::vector<TaskView>>> list(std::string queue,
                                                                 std::string state,  // empty: all
                                                                 std::size_t limit,
                                                                 std::string after_id) = 0;
  // Tasks that wait for their time: `limit` at most, and kMaxSoonestBytes of payloads. Reads no
  // others, however many wait.
  [[nodiscard]] virtual Task<Result<SoonestTasks>> soonest(std::string queue,
                                                           std::size_t limit) = 0;
  [[nodiscard]] virtual Task<Result<std::optional<TaskView>>> find(std::string queue,
                                                                   std::string id) = 0;
  // Dead -> ready with its counters at zero. False: no dead task of that id.
  [[nodiscard]] virtual Task<Result<bool>> revive(std::string queue, std::string id) = 0;
  [[nodiscard]] virtual Task<Result<bool>> discard_dead(std::string queue, std::string id) = 0;
  [[nodiscard]] virtual Task<Result<void>> ping() = 0;
};

}  // namespace selvage::work
