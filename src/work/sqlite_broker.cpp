#include "work/sqlite_broker.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "data/database_time.hpp"
#include "work/detail/leasing.hpp"
#include "work/detail/new_task.hpp"
#include "work/detail/queue_room.hpp"
#include "work/detail/task_line.hpp"
#include "work/detail/task_rows.hpp"
#include "work/detail/work_waiters.hpp"

namespace selvage::work {

namespace {

constexpr std::size_t kMaxClaim =
    512;  // tasks one lease() hands out; bounds the payloads in memory

std::string insert_sql(std::string_view place) {
  return fmt::format(
      "INSERT INTO tasks (queue, priority, fair_key, id, state, run_at, enqueued_at, payload,"
      " vtime) VALUES ($1, $2, $3, $4, 'ready', $5, $6, $7, {}) ON CONFLICT (queue, id) DO NOTHING",
      place);
}
const std::string kInsertWithoutKey = insert_sql(kPlaceWithoutKey);
const std::string kInsertOfKey = insert_sql(kPlaceOfKey);
const std::string kInsertDelayed = insert_sql("NULL");

const std::string& insert_of(const NewTask& task, bool due) {
  if (!due) return kInsertDelayed;
  return task.fair_key.empty() ? kInsertWithoutKey : kInsertOfKey;
}

// Ends a lease by `change`, whose parameters are `more` from $4 on. The reason of an earlier retry
// stays.
Result<bool> end_lease(data::Transaction& tx, const LeaseRef& lease, std::string_view change,
                       const data::Params& more) {
  data::Params params{lease.queue, lease.task_id, lease.token};
  params.insert(params.end(), more.begin(), more.end());
  return TRY(tx.execute(fmt::format("UPDATE tasks SET {}, holder = '', lease_until = NULL WHERE"
                                    " queue = $1 AND id = $2 AND token = $3 AND state = 'leased'",
                                    change),
                        params)) == 1;
}

Result<bool> put_off(data::Transaction& tx, const LeaseRef& lease, milliseconds wait,
                     const std::string& reason) {
  const Timestamp time = TRY(data::database_time(tx));
  return end_lease(tx, lease,
                   "state = 'ready', vtime = NULL, run_at = $4, span_ms = $5,"
                   " retries = retries + 1, reason = $6",
                   {data::sql(time + wait), wait.count(), reason});
}

// By the clock that hands tasks out: a waiter whose own runs ahead would ask again and again.
Result<std::optional<milliseconds>> time_until_due(data::Transaction& tx,
                                                   const std::string& queue) {
  const std::optional<Timestamp> due = TRY(next_due(tx, queue));
  if (!due) return std::nullopt;
  return *due - TRY(data::database_time(tx));
}

class SqlBroker final : public Broker {
 public:
  SqlBroker(data::Database& database, SqlBrokerOptions options)
      : database_(database), options_(options), room_(options.max_ready, count_waiting) {}

  Result<void> enqueue(data::Transaction& tx, std::span<const NewTask> tasks) override {
    std::map<std::string, std::int64_t> wanted;
    for (const NewTask& task : tasks) {
      TRY(check_new_task(task));
      ++wanted[task.queue];
    }
    for (const auto& [queue, count] : wanted) TRY(room_.reserve(tx, queue, count));
    const Timestamp time = now();
    for (const NewTask& task : tasks) {
      const Timestamp run_at = task.run_at.value_or(time);
      const auto added =
          TRY(tx.execute(insert_of(task, run_at <= time),
                         {task.queue, std::int64_t{task.priority}, task.fair_key, task.id,
                          data::sql(run_at), data::sql(time), task.payload}));
      if (added == 1) continue;
      return duplicate(task);
    }
    return {};
  }

  void notify() override { waiters_.wake_all(); }

  Task<void> run(CancelToken) override { co_return; }
  Task<void> close() override { co_return; }

  [[clang::coro_wrapper]] Task<Result<std::vector<Lease>>> lease(std::string queue,
                                                                 std::string worker_id,
                                                                 std::size_t max,
                                                                 milliseconds duration) override {
    return database_.write([queue = std::move(queue), worker_id = std::move(worker_id),
                            max = std::min(max, kMaxClaim), duration, this](data::Transaction& tx) {
      return claim_due(tx, queue, worker_id, max, duration, options_.per_key_concurrency, clock_);
    });
  }

  [[clang::coro_wrapper]] Task<Result<std::vector<LeaseRef>>> extend(
      std::vector<LeaseRef> held, milliseconds duration) override {
    return database_.write([held = std::move(held), duration](data::Transaction& tx) {
      return extend_held(tx, held, duration);
    });
  }

  [[clang::coro_wrapper]] Task<Result<bool>> complete(LeaseRef lease) override {
    return making_room(
        database_.write([lease = std::move(lease)](data::Transaction& tx) -> Result<bool> {
          return TRY(tx.execute("DELETE FROM tasks WHERE queue = $1 AND id = $2 AND token = $3"
                                " AND state = 'leased'",
                                {lease.queue, lease.task_id, lease.token})) == 1;
        }));
  }

  // The wait counts, not the hour: the caller's clock may differ from the one that tasks go by.
  Task<Result<bool>> retry_later(LeaseRef lease, Timestamp run_at, std::string reason) override {
    const milliseconds wait = std::max(run_at - now(), milliseconds(0));
    const bool ended = CO_TRY(co_await database_.write(
        [lease = std::move(lease), wait, reason = cut_reason(std::move(reason))](
            data::Transaction& tx) { return put_off(tx, lease, wait, reason); }));
    if (ended) notify();  // who waits must know of the new time
    co_return ended;
  }

  // A hand-out that was given back says nothing against the task, so it does not count as a
  // delivery.
  Task<Result<bool>> hand_back(LeaseRef lease, Timestamp not_before) override {
    const bool ended =
        CO_TRY(co_await settle(std::move(lease),
                               "state = 'ready', deliveries = deliveries - 1, span_ms = NULL,"
                               " run_at = CASE WHEN run_at < $4 THEN $4 ELSE run_at END,"
                               " vtime = CASE WHEN $4 <= $5 THEN 0 END",
                               {data::sql(not_before), data::sql(now())}));
    if (ended) notify();
    co_return ended;
  }

  [[clang::coro_wrapper]] Task<Result<bool>> bury(LeaseRef lease, std::string reason) override {
    return making_room(
        settle(std::move(lease), "state = 'dead', reason = $4", {cut_reason(std::move(reason))}));
  }

  Task<void> wait_for_work(std::string queue, milliseconds at_most, CancelToken cancel) override {
    WorkWaiters::Waiter waiter(waiters_);  // before looking, so that no notify() falls in between
    const Deadline end = Deadline::after(at_most);
    while (!cancel.cancelled() && !end.passed()) {
      milliseconds pause = std::min(end.left(), options_.poll);
      const auto wait = co_await database_.read(
          [queue](data::Transaction& tx) { return time_until_due(tx, queue); });
      if (wait && *wait) {
        if (**wait <= milliseconds(0)) co_return;
        pause = std::min(pause, **wait);
      }
      if (co_await waiter.wait(pause, cancel)) co_return;
    }
  }

  [[clang::coro_wrapper]] Task<Result<std::vector<std::string>>> alive(
      std::string queue, std::vector<std::string> ids) override {
    return database_.read([queue = std::move(queue), ids = std::move(ids)](data::Transaction& tx) {
      return alive_tasks(tx, queue, ids);
    });
  }

  Task<Result<void>> pause(std::string queue, bool paused) override {
    CO_TRY(check_queue_name(queue));
    CO_TRY(co_await database_.write([queue, paused](data::Transaction& tx) -> Result<void> {
      return set_paused(tx, queue, paused);
    }));
    if (!paused) notify();
    co_return Result<void>{};
  }

  [[clang::coro_wrapper]] Task<Result<std::vector<QueueDepth>>> depths() override {
    return database_.read([](data::Transaction& tx) { return queue_depths(tx, now()); });
  }

  [[clang::coro_wrapper]] Task<Result<std::vector<TaskView>>> list(std::string queue,
                                                                   std::string state,
                                                                   std::size_t limit,
                                                                   std::string after_id) override {
    return database_.read([queue = std::move(queue), state = std::move(state), limit,
                           after_id = std::move(after_id)](data::Transaction& tx) {
      return list_tasks(tx, queue, state, limit, after_id, now());
    });
  }

  [[clang::coro_wrapper]] Task<Result<SoonestTasks>> soonest(std::string queue,
                                                             std::size_t limit) override {
    return database_.read([queue = std::move(queue), limit](data::Transaction& tx) {
      return soonest_tasks(tx, queue, limit, now());
    });
  }

  [[clang::coro_wrapper]] Task<Result<std::optional<TaskView>>> find(std::string queue,
                                                                     std::string id) override {
    return database_.read([queue = std::move(queue), id = std::move(id)](data::Transaction& tx) {
      return find_task(tx, queue, id, now());
    });
  }

  Task<Result<bool>> revive(std::string queue, std::string id) override {
    const bool revived = CO_TRY(co_await database_.write(
        [queue = std::move(queue), id = std::move(id)](data::Transaction& tx) -> Result<bool> {
          return TRY(tx.execute("UPDATE tasks SET state = 'ready', vtime = NULL, run_at = $3,"
                                " deliveries = 0, retries = 0, reason = ''"
                                " WHERE queue = $1 AND id = $2 AND state = 'dead'",
                                {queue, id, data::sql(now())})) == 1;
        }));
    if (revived) notify();
    co_return revived;
  }

  [[clang::coro_wrapper]] Task<Result<bool>> discard_dead(std::string queue,
                                                          std::string id) override {
    return database_.write(
        [queue = std::move(queue), id = std::move(id)](data::Transaction& tx) -> Result<bool> {
          return TRY(tx.execute("DELETE FROM tasks WHERE queue = $1 AND id = $2 AND state = 'dead'",
                                {queue, id})) == 1;
        });
  }

  [[clang::coro_wrapper]] Task<Result<void>> ping() override { return database_.ping(); }

 private:
  // The end of a lease may make room for another task of its key.
  [[clang::coro_wrapper]] Task<Result<bool>> making_room(Task<Result<bool>> ending) {
    return options_.per_key_concurrency == 0 ? std::move(ending) : waking_after(std::move(ending));
  }
  Task<Result<bool>> waking_after(Task<Result<bool>> ending) {
    const bool ended = CO_TRY(co_await std::move(ending));
    if (ended) notify();
    co_return ended;
  }
  [[clang::coro_wrapper]] Task<Result<bool>> settle(LeaseRef lease, std::string_view change,
                                                    data::Params more) {
    return database_.write([change, lease = std::move(lease),
                            more = std::move(more)](data::Transaction& tx) -> Result<bool> {
      return end_lease(tx, lease, change, more);
    });
  }

  data::Database& database_;
  const SqlBrokerOptions options_;
  QueueRoom room_;
  ClockSteps clock_;
  WorkWaiters waiters_;
};

}  // namespace

std::unique_ptr<Broker> make_sql_broker(data::Database& database, SqlBrokerOptions options) {
  return std::make_unique<SqlBroker>(database, options);
}

}  // namespace selvage::work
