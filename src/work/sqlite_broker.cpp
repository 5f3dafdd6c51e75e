#include "work/sqlite_broker.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "work/detail/leasing.hpp"
#include "work/detail/queue_room.hpp"
#include "work/detail/task_rows.hpp"
#include "work/detail/work_waiters.hpp"

namespace selvage::work {

namespace {

constexpr std::size_t kMaxName = 200;     // bytes of a task id or a queue name
constexpr std::size_t kMaxReason = 2000;  // bytes kept of a reason
constexpr std::size_t kMaxClaim =
    512;  // tasks one lease() hands out; bounds the payloads in memory

Result<void> check_name(std::string_view what, std::string_view name) {
  if (!name.empty() && name.size() <= kMaxName && is_valid_utf8(name) && !name.contains('\0')) {
    return {};
  }
  return fail(
      ErrorKind::invalid, "queue.name",
      fmt::format("{} must be 1 to {} bytes of UTF-8, is {}", what, kMaxName, in_quotes(name)));
}

Result<void> check(const NewTask& task) {
  TRY(check_name("a queue name", task.queue));
  TRY(check_name("a task id", task.id));
  if (task.priority < 0 || task.priority > 9) {
    return fail(
        ErrorKind::invalid, "queue.priority",
        fmt::format("the priority of task {} must be 0 to 9, is {}", task.id, task.priority));
  }
  if (task.payload.size() > kMaxPayload) {
    return fail(ErrorKind::too_large, "queue.payload_too_large",
                fmt::format("the payload of task {} has {} bytes, at most {} are taken", task.id,
                            task.payload.size(), kMaxPayload),
                "store large data elsewhere and send its key");
  }
  return {};
}

std::string cut(std::string reason) {
  if (reason.size() <= kMaxReason) return reason;
  std::size_t end = kMaxReason;
  while (end > 0 && (static_cast<unsigned char>(reason[end]) & 0xC0) == 0x80) --end;
  reason.resize(end);
  return reason;
}

class SqlBroker final : public Broker {
 public:
  SqlBroker(data::Database& database, SqlBrokerOptions options)
      : database_(database), options_(options), room_(options.max_ready) {}

  Result<void> enqueue(data::Transaction& tx, std::span<const NewTask> tasks) override {
    std::map<std::string, std::int64_t> wanted;
    for (const NewTask& task : tasks) {
      TRY(check(task));
      ++wanted[task.queue];
    }
    for (const auto& [queue, count] : wanted) TRY(room_.reserve(tx, queue, count));
    const Timestamp time = now();
    for (const NewTask& task : tasks) {
      const auto added = TRY(
          tx.execute("INSERT INTO tasks (queue, id, priority, state, run_at, enqueued_at, payload)"
                     " VALUES ($1, $2, $3, 'ready', $4, $5, $6) ON CONFLICT (queue, id) DO NOTHING",
                     {task.queue, task.id, std::int64_t{task.priority},
                      data::sql(task.run_at.value_or(time)), data::sql(time), task.payload}));
      if (added == 1) continue;
      return fail(
          ErrorKind::conflict, "queue.duplicate",
          fmt::format("the queue {} already has a task {}", task.queue, in_quotes(task.id)));
    }
    return {};
  }

  void notify() override { waiters_.wake_all(); }

  [[clang::coro_wrapper]] Task<Result<std::vector<Lease>>> lease(std::string queue,
                                                                 std::string worker_id,
                                                                 std::size_t max,
                                                                 milliseconds duration) override {
    return database_.write([queue = std::move(queue), worker_id = std::move(worker_id),
                            max = std::min(max, kMaxClaim), duration](data::Transaction& tx) {
      return claim_due(tx, queue, worker_id, max, duration);
    });
  }

  [[clang::coro_wrapper]] Task<Result<std::vector<LeaseRef>>> extend(
      std::vector<LeaseRef> held, milliseconds duration) override {
    return database_.write([held = std::move(held), duration](data::Transaction& tx) {
      return extend_held(tx, held, duration);
    });
  }

  [[clang::coro_wrapper]] Task<Result<bool>> complete(LeaseRef lease) override {
    return database_.write([lease = std::move(lease)](data::Transaction& tx) -> Result<bool> {
      return TRY(tx.execute("DELETE FROM tasks WHERE queue = $1 AND id = $2 AND token = $3"
                            " AND state = 'leased'",
                            {lease.queue, lease.task_id, lease.token})) == 1;
    });
  }

  Task<Result<bool>> retry_later(LeaseRef lease, Timestamp run_at, std::string reason) override {
    const bool ended = CO_TRY(co_await settle(
        std::move(lease), "state = 'ready', run_at = $4, retries = retries + 1, reason = $5",
        {data::sql(run_at), cut(std::move(reason))}));
    if (ended) notify();  // who waits must know of the new time
    co_return ended;
  }

  // A hand-out that was given back says nothing against the task, so it does not count as a
  // delivery.
  Task<Result<bool>> hand_back(LeaseRef lease) override {
    const bool ended = CO_TRY(
        co_await settle(std::move(lease), "state = 'ready', deliveries = deliveries - 1", {}));
    if (ended) notify();
    co_return ended;
  }

  [[clang::coro_wrapper]] Task<Result<bool>> bury(LeaseRef lease, std::string reason) override {
    return settle(std::move(lease), "state = 'dead', reason = $4", {cut(std::move(reason))});
  }

  Task<void> wait_for_work(std::string queue, milliseconds at_most, CancelToken cancel) override {
    WorkWaiters::Waiter waiter(waiters_);  // before looking, so that no notify() falls in between
    const Deadline end = Deadline::after(at_most);
    while (!cancel.cancelled() && !end.passed()) {
      milliseconds pause = std::min(end.left(), options_.poll);
      const auto next =
          co_await database_.read([queue](data::Transaction& tx) { return next_due(tx, queue); });
      if (next && *next) {
        const milliseconds until_due = **next - now();
        if (until_due <= milliseconds(0)) co_return;
        pause = std::min(pause, until_due);
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

  [[clang::coro_wrapper]] Task<Result<std::optional<TaskView>>> find(std::string queue,
                                                                     std::string id) override {
    return database_.read([queue = std::move(queue), id = std::move(id)](data::Transaction& tx) {
      return find_task(tx, queue, id, now());
    });
  }

  Task<Result<bool>> revive(std::string queue, std::string id) override {
    const bool revived = CO_TRY(co_await database_.write(
        [queue = std::move(queue), id = std::move(id)](data::Transaction& tx) -> Result<bool> {
          return TRY(tx.execute("UPDATE tasks SET state = 'ready', run_at = $3, deliveries = 0,"
                                " retries = 0, reason = ''"
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
  // Ends a lease by `change`, whose parameters are `more` from $4 on. The reason of an earlier
  // retry stays.
  [[clang::coro_wrapper]] Task<Result<bool>> settle(LeaseRef lease, std::string_view change,
                                                    data::Params more) {
    data::Params params{std::move(lease.queue), std::move(lease.task_id), lease.token};
    std::ranges::move(more, std::back_inserter(params));
    return database_.write(
        [change, params = std::move(params)](data::Transaction& tx) -> Result<bool> {
          return TRY(tx.execute(
                     fmt::format("UPDATE tasks SET {}, holder = '', lease_until = NULL WHERE"
                                 " queue = $1 AND id = $2 AND token = $3 AND state = 'leased'",
                                 change),
                     params)) == 1;
        });
  }

  data::Database& database_;
  const SqlBrokerOptions options_;
  QueueRoom room_;
  WorkWaiters waiters_;
};

}  // namespace

std::unique_ptr<Broker> make_sql_broker(data::Database& database, SqlBrokerOptions options) {
  return std::make_unique<SqlBroker>(database, options);
}

}  // namespace selvage::work
