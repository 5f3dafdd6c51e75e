#include "work/detail/task_rows.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <map>

#include "base/json.hpp"
#include "base/text.hpp"

namespace selvage::work {

namespace {

constexpr std::string_view kViewColumns =
    "id, queue, state, payload, holder, reason, priority, deliveries, retries, token, enqueued_at,"
    " run_at, lease_until, fair_key";

TaskView view_of(const data::Row& row, Timestamp time) {
  TaskView view{.id = row.text(0),
                .queue = row.text(1),
                .state = row.text(2),
                .payload = row.text(3),
                .holder = row.text(4),
                .reason = row.text(5),
                .fair_key = row.text(13),
                .priority = static_cast<int>(row.integer(6)),
                .deliveries = static_cast<int>(row.integer(7)),
                .retries = static_cast<int>(row.integer(8)),
                .token = row.integer(9),
                .enqueued_at = row.time(10),
                .run_at = row.time(11),
                .lease_until = row.maybe_time(12)};
  if (view.state == "ready" && view.run_at > time) view.state = "delayed";
  return view;
}

// The condition of a state as people name it; $4 is the time.
Result<std::string_view> condition_of(std::string_view state) {
  if (state.empty()) return "CAST($4 AS BIGINT) IS NOT NULL";
  if (state == "ready") return "state = 'ready' AND run_at <= $4";
  if (state == "delayed") return "state = 'ready' AND run_at > $4";
  if (state == "leased") return "state = 'leased' AND CAST($4 AS BIGINT) IS NOT NULL";
  if (state == "dead") return "state = 'dead' AND CAST($4 AS BIGINT) IS NOT NULL";
  return fail(ErrorKind::invalid, "queue.state", "there is no task state " + in_quotes(state),
              "use ready, delayed, leased or dead");
}

}  // namespace

Result<void> check_state(std::string_view state) {
  TRY(condition_of(state));
  return {};
}

std::string_view json_rows(data::Dialect dialect) {
  switch (dialect) {
    case data::Dialect::sqlite:
      return "json_each($1)";
    case data::Dialect::postgres:
      return "json_array_elements($1::json)";
  }
  return {};
}

Result<std::int64_t> count_waiting(data::Transaction& tx, const std::string& queue,
                                   std::int64_t up_to) {
  const auto counted = TRY(tx.query_one(
      "SELECT COUNT(*) FROM (SELECT 1 FROM tasks WHERE queue = $1 AND state = 'ready'"
      "  AND vtime IS NOT NULL"
      " UNION ALL SELECT 1 FROM tasks WHERE queue = $1 AND state = 'ready' AND vtime IS NULL"
      "  AND parked IS NULL"
      " UNION ALL SELECT 1 FROM tasks WHERE queue = $1 AND parked IS NOT NULL"
      " LIMIT $2) AS waiting",
      {queue, up_to}));
  return counted->integer(0);
}

Result<std::vector<QueueDepth>> queue_depths(data::Transaction& tx, Timestamp time) {
  std::map<std::string, QueueDepth> depths;
  // a delayed task that is due counts as ready, also before a claim has let it into line
  const auto waiting =
      TRY(tx.query("SELECT queue, COUNT(*), 0, MIN(run_at) FROM tasks"
                   " WHERE state = 'ready' AND vtime IS NOT NULL GROUP BY queue"
                   " UNION ALL SELECT queue, SUM(CASE WHEN run_at <= $1 THEN 1 ELSE 0 END),"
                   " SUM(CASE WHEN run_at <= $1 THEN 0 ELSE 1 END), MIN(run_at) FROM tasks"
                   " WHERE state = 'ready' AND vtime IS NULL AND parked IS NULL GROUP BY queue"
                   " UNION ALL SELECT queue, COUNT(*), 0, MIN(run_at) FROM tasks"
                   " WHERE parked IS NOT NULL GROUP BY queue",
                   {data::sql(time)}));
  for (const data::Row& row : waiting) {
    QueueDepth& depth = depths[row.text(0)];
    depth.ready += row.integer(1);
    depth.delayed += row.integer(2);
    if (row.integer(1) == 0) continue;
    const milliseconds age = std::max(time - row.time(3), milliseconds(0));
    depth.oldest_ready = std::max(depth.oldest_ready.value_or(milliseconds(0)), age);
  }
  const auto held =
      TRY(tx.query("SELECT queue, COUNT(*) FROM tasks WHERE state = 'leased' GROUP BY queue"));
  for (const data::Row& row : held) depths[row.text(0)].leased = row.integer(1);
  const auto dead =
      TRY(tx.query("SELECT queue, COUNT(*) FROM tasks WHERE state = 'dead' GROUP BY queue"));
  for (const data::Row& row : dead) depths[row.text(0)].dead = row.integer(1);
  for (const data::Row& row : TRY(tx.query("SELECT queue FROM paused_queues"))) {
    depths[row.text(0)].paused = true;
  }

  std::vector<QueueDepth> all;
  for (auto& [queue, depth] : depths) {
    depth.queue = queue;
    all.push_back(std::move(depth));
  }
  return all;
}

Result<std::vector<TaskView>> list_tasks(data::Transaction& tx, const std::string& queue,
                                         std::string_view state, std::size_t limit,
                                         const std::string& after_id, Timestamp time) {
  const std::string_view condition = TRY(condition_of(state));
  const auto rows = TRY(tx.query(
      fmt::format("SELECT {} FROM tasks WHERE queue = $1 AND id > $2 AND {}"
                  " ORDER BY id LIMIT $3",
                  kViewColumns, condition),
      {queue, after_id, static_cast<std::int64_t>(std::min(limit, kMaxListed)), data::sql(time)}));
  std::vector<TaskView> tasks;
  tasks.reserve(rows.size());
  for (const data::Row& row : rows) tasks.push_back(view_of(row, time));
  return tasks;
}

Result<SoonestTasks> soonest_tasks(data::Transaction& tx, const std::string& queue,
                                   std::size_t limit, Timestamp time) {
  limit = std::min(limit, kMaxListed);
  // one more than is wanted tells whether there are more
  const auto rows = TRY(tx.query(
      fmt::format("SELECT {}, looked_at FROM (SELECT *, COUNT(*) OVER () AS looked_at,"
                  "  SUM(LENGTH(payload)) OVER (ORDER BY run_at, seq) AS bytes FROM"
                  "  (SELECT * FROM tasks WHERE queue = $1 AND state = 'ready' AND vtime IS NULL"
                  "    AND parked IS NULL AND run_at > $2 ORDER BY run_at, seq LIMIT $3) AS first)"
                  " AS counted WHERE bytes <= $4 ORDER BY run_at, seq",
                  kViewColumns),
      {queue, data::sql(time), static_cast<std::int64_t>(limit + 1),
       static_cast<std::int64_t>(kMaxSoonestBytes)}));
  SoonestTasks soonest;
  for (const data::Row& row : rows) {
    if (soonest.tasks.size() < limit) soonest.tasks.push_back(view_of(row, time));
  }
  soonest.more =
      !rows.empty() && rows.front().integer(14) > static_cast<std::int64_t>(soonest.tasks.size());
  return soonest;
}

Result<std::optional<TaskView>> find_task(data::Transaction& tx, const std::string& queue,
                                          const std::string& id, Timestamp time) {
  const auto row = TRY(tx.query_one(
      fmt::format("SELECT {} FROM tasks WHERE queue = $1 AND id = $2", kViewColumns), {queue, id}));
  if (!row) return std::nullopt;
  return view_of(*row, time);
}

Result<std::vector<std::string>> alive_tasks(data::Transaction& tx, const std::string& queue,
                                             const std::vector<std::string>& ids) {
  json::array wanted;
  for (const std::string& id : ids) wanted.push_back(json::array{id});
  const auto rows =
      TRY(tx.query(fmt::format("SELECT id FROM tasks WHERE queue = $2 AND state <> 'dead'"
                               " AND id IN (SELECT value->>0 FROM {} AS wanted)",
                               json_rows(tx.dialect())),
                   {json::dump(wanted), queue}));
  std::vector<std::string> alive;
  alive.reserve(rows.size());
  for (const data::Row& row : rows) alive.push_back(row.text(0));
  return alive;
}

Result<void> set_paused(data::Transaction& tx, const std::string& queue, bool paused) {
  if (paused) {
    TRY(
        tx.execute("INSERT INTO paused_queues (queue, paused_at) VALUES ($1, $2)"
                   " ON CONFLICT (queue) DO NOTHING",
                   {queue, data::sql(now())}));
  } else {
    TRY(tx.execute("DELETE FROM paused_queues WHERE queue = $1", {queue}));
  }
  return {};
}

Result<std::optional<Timestamp>> next_due(data::Transaction& tx, const std::string& queue) {
  const auto row = TRY(tx.query_one(
      "SELECT MIN(due) FROM ("
      " SELECT MIN(run_at) AS due FROM tasks WHERE queue = $1 AND state = 'ready' AND vtime IS NULL"
      "   AND parked IS NULL"
      " UNION ALL SELECT MIN(lease_until) FROM tasks WHERE queue = $1 AND state = 'leased'"
      // in the line's order: EXISTS would let PostgreSQL walk the table until it meets one
      " UNION ALL SELECT 0 FROM (SELECT 1 FROM tasks WHERE queue = $1 AND state = 'ready'"
      "   AND vtime IS NOT NULL ORDER BY priority, vtime, run_at, seq LIMIT 1) AS head"
      ") AS times WHERE NOT EXISTS (SELECT 1 FROM paused_queues WHERE queue = $1)",
      {queue}));
  return row->maybe_time(0);
}

}  // namespace selvage::work
