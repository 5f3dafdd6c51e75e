#include "work/worker_registry.hpp"

namespace selvage::work {

namespace {

constexpr std::chrono::hours kForgetAfter{24};

}  // namespace

Result<void> report_worker(data::Transaction& tx, const WorkerRow& row) {
  TRY(tx.execute(
      "INSERT INTO workers (id, host, pid, version, queue, concurrency, active, done, failed,"
      " state, started_at, seen_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
      " ON CONFLICT (id) DO UPDATE SET host = excluded.host, pid = excluded.pid,"
      " version = excluded.version, queue = excluded.queue, concurrency = excluded.concurrency,"
      " active = excluded.active, done = excluded.done, failed = excluded.failed,"
      " state = excluded.state, started_at = excluded.started_at, seen_at = excluded.seen_at",
      {row.id, row.host, row.pid, row.version, row.queue, row.concurrency, row.active, row.done,
       row.failed, row.state, data::sql(row.started_at), data::sql(row.seen_at)}));
  TRY(tx.execute("DELETE FROM workers WHERE seen_at < $1", {data::sql(now() - kForgetAfter)}));
  return {};
}

Result<std::vector<WorkerRow>> list_workers(data::Transaction& tx) {
  const auto rows = TRY(tx.query(
      "SELECT id, host, pid, version, queue, concurrency, active, done, failed, state, started_at,"
      " seen_at FROM workers ORDER BY started_at, id"));
  const Timestamp time = now();
  std::vector<WorkerRow> workers;
  for (const data::Row& row : rows) {
    WorkerRow worker{.id = row.text(0),
                     .host = row.text(1),
                     .pid = row.integer(2),
                     .version = row.text(3),
                     .queue = row.text(4),
                     .concurrency = row.integer(5),
                     .active = row.integer(6),
                     .done = row.integer(7),
                     .failed = row.integer(8),
                     .state = row.text(9),
                     .started_at = row.time(10),
                     .seen_at = row.time(11)};
    if (worker.state != "stopped" && time - worker.seen_at > kWorkerTimeout) {
      worker.state = "lost";
    }
    workers.push_back(std::move(worker));
  }
  return workers;
}

}  // namespace selvage::work
