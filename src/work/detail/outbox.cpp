#include "work/detail/outbox.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.hpp"
#include "work/detail/task_rows.hpp"

namespace selvage::work {

namespace {

constexpr std::int64_t kRowsAtOnce = 1000;  // changed by one transaction

constexpr std::string_view kViewColumns =
    "id, payload, priority, fair_key, enqueued_at, run_at FROM task_outbox";

TaskView view_of(const data::Row& row, const std::string& queue) {
  TaskView view{.id = row.text(0),
                .queue = queue,
                .payload = row.text(1),
                .fair_key = row.text(3),
                .priority = static_cast<int>(row.integer(2)),
                .enqueued_at = row.time(4),
                .run_at = row.time(5)};
  view.state = view.run_at > now() ? "delayed" : "ready";
  return view;
}

}  // namespace

Result<bool> put_in_outbox(data::Transaction& tx, const NewTask& task, const std::string& origin) {
  const Timestamp time = now();
  return TRY(tx.execute("INSERT INTO task_outbox (queue, id, fair_key, priority, run_at,"
                        " enqueued_at, origin, for_celery, payload) VALUES ($1, $2, $3, $4, $5, "
                        "$6, $7, $8, $9)"
                        " ON CONFLICT (queue, id) DO NOTHING",
                        {task.queue, task.id, task.fair_key, std::int64_t{task.priority},
                         data::sql(task.run_at.value_or(time)), data::sql(time), origin,
                         std::int64_t{task.for_celery ? 1 : 0}, task.payload})) == 1;
}

Result<std::vector<OutboxRow>> to_ship(data::Transaction& tx, const std::string& queue,
                                       const std::string& origin, Timestamp others_before,
                                       std::int64_t max) {
  const auto rows =
      TRY(tx.query("SELECT seq, id, fair_key, priority, run_at, enqueued_at, for_celery, payload "
                   "FROM task_outbox"
                   " WHERE queue = $1 AND shipped_at IS NULL AND (origin = $2 OR enqueued_at <= $3"
                   "  OR enqueued_at > $4)"
                   " ORDER BY seq LIMIT $5",
                   {queue, origin, data::sql(others_before), data::sql(now()), max}));
  std::vector<OutboxRow> all;
  all.reserve(rows.size());
  for (const data::Row& row : rows) {
    all.push_back({.seq = row.integer(0),
                   .id = row.text(1),
                   .fair_key = row.text(2),
                   .priority = static_cast<int>(row.integer(3)),
                   .run_at = row.time(4),
                   .enqueued_at = row.time(5),
                   .for_celery = row.integer(6) != 0,
                   .payload = row.text(7)});
  }
  return all;
}

Result<void> mark_shipped(data::Transaction& tx, const std::vector<std::int64_t>& seqs,
                          const std::string& server) {
  json::array list;
  for (const std::int64_t seq : seqs) list.push_back(json::array{seq});
  TRY(tx.execute(fmt::format("UPDATE task_outbox SET shipped_at = $2, server = $3 WHERE seq IN"
                             " (SELECT CAST(value->>0 AS BIGINT) FROM {} AS shipped)",
                             json_rows(tx.dialect())),
                 {json::dump(list), data::sql(now()), server}));
  return {};
}

Result<bool> ship_again(data::Transaction& tx, const std::string& queue,
                        const std::string& server) {
  return TRY(tx.execute("UPDATE task_outbox SET shipped_at = NULL WHERE seq IN (SELECT seq FROM"
                        " task_outbox WHERE queue = $1 AND shipped_at IS NOT NULL"
                        " AND server <> $2 LIMIT $3)",
                        {queue, server, kRowsAtOnce})) > 0;
}

Result<void> forget_shipped(data::Transaction& tx, const std::string& queue,
                            const std::string& server) {
  TRY(
      tx.execute("DELETE FROM task_outbox WHERE seq IN (SELECT seq FROM task_outbox"
                 " WHERE queue = $1 AND shipped_at < $2 AND server = $3 LIMIT $4)",
                 {queue, data::sql(now() - kKeepShipped), server, kRowsAtOnce}));
  return {};
}

Result<std::vector<std::string>> waiting_in_outbox(data::Transaction& tx, const std::string& queue,
                                                   const std::string& server,
                                                   const std::vector<std::string>& ids) {
  json::array wanted;
  for (const std::string& id : ids) wanted.push_back(json::array{id});
  const auto rows = TRY(tx.query(fmt::format("SELECT id FROM task_outbox WHERE queue = $2"
                                             " AND id IN (SELECT value->>0 FROM {} AS wanted)"
                                             " AND (shipped_at IS NULL OR server <> $3)",
                                             json_rows(tx.dialect())),
                                 {json::dump(wanted), queue, server}));
  std::vector<std::string> waiting;
  for (const data::Row& row : rows) waiting.push_back(row.text(0));
  return waiting;
}

Result<OutboxDepth> outbox_depth(data::Transaction& tx, const std::string& queue,
                                 std::int64_t count_to) {
  const auto row = TRY(tx.query_one(
      "SELECT COUNT(*), COALESCE(SUM(CASE WHEN run_at <= $2 THEN 1 ELSE 0 END), 0) FROM"
      " (SELECT run_at FROM task_outbox WHERE queue = $1 AND shipped_at IS NULL LIMIT $3)"
      " AS waiting",
      {queue, data::sql(now()), count_to}));
  return OutboxDepth{.ready = row->integer(1), .delayed = row->integer(0) - row->integer(1)};
}

Result<std::vector<TaskView>> list_outbox(data::Transaction& tx, const std::string& queue,
                                          std::size_t limit, const std::string& after_id) {
  const auto rows =
      TRY(tx.query(fmt::format("SELECT {} WHERE queue = $1 AND shipped_at IS NULL AND id > $2"
                               " ORDER BY id LIMIT $3",
                               kViewColumns),
                   {queue, after_id, static_cast<std::int64_t>(std::min(limit, kMaxListed))}));
  std::vector<TaskView> views;
  views.reserve(rows.size());
  for (const data::Row& row : rows) views.push_back(view_of(row, queue));
  return views;
}

Result<std::optional<TaskView>> find_in_outbox(data::Transaction& tx, const std::string& queue,
                                               const std::string& id) {
  const auto row = TRY(tx.query_one(
      fmt::format("SELECT {} WHERE queue = $1 AND id = $2 AND shipped_at IS NULL", kViewColumns),
      {queue, id}));
  if (!row) return std::nullopt;
  return view_of(*row, queue);
}

Result<void> note_queue(data::Transaction& tx, const std::string& queue) {
  TRY(tx.execute("INSERT INTO noted_queues (queue) VALUES ($1) ON CONFLICT (queue) DO NOTHING",
                 {queue}));
  return {};
}

Result<std::vector<std::string>> noted_queues(data::Transaction& tx) {
  std::vector<std::string> queues;
  for (const data::Row& row : TRY(tx.query("SELECT queue FROM noted_queues ORDER BY queue"))) {
    queues.push_back(row.text(0));
  }
  return queues;
}

}  // namespace selvage::work
