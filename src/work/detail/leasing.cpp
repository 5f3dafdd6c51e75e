#include "work/detail/leasing.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <set>

#include "base/json.hpp"
#include "work/detail/task_rows.hpp"

namespace selvage::work {

namespace {

// Lapsed leases go back to their place in the line before anybody takes from it.
Result<void> take_back_lapsed(data::Transaction& tx, const std::string& queue, Timestamp time) {
  TRY(
      tx.execute("UPDATE tasks SET state = 'ready', holder = '', lease_until = NULL"
                 " WHERE queue = $1 AND state = 'leased' AND lease_until <= $2",
                 {queue, data::sql(time)}));
  return {};
}

// One priority's oldest due tasks. On PostgreSQL several claim side by side and step over each
// other's rows.
std::string_view claim_sql(data::Dialect dialect) {
#define SELVAGE_CLAIM(lock)                                                                    \
  "UPDATE tasks SET state = 'leased', token = token + 1, deliveries = deliveries + 1,"         \
  " holder = $4, lease_until = $5 WHERE seq IN (SELECT seq FROM tasks WHERE queue = $1"        \
  " AND state = 'ready' AND priority = $2 AND run_at <= $3 ORDER BY run_at, seq LIMIT $6" lock \
  ") RETURNING seq, id, token, payload, deliveries, retries, enqueued_at, run_at"
  switch (dialect) {
    case data::Dialect::sqlite:
      return SELVAGE_CLAIM("");
    case data::Dialect::postgres:
      return SELVAGE_CLAIM(" FOR UPDATE SKIP LOCKED");
  }
#undef SELVAGE_CLAIM
  return {};
}

Result<void> claim(data::Transaction& tx, const std::string& queue, const std::string& worker_id,
                   std::int64_t priority, std::size_t max, Timestamp time, Timestamp until,
                   std::vector<Lease>& leases) {
  auto rows =
      TRY(tx.query(claim_sql(tx.dialect()), {queue, priority, data::sql(time), worker_id,
                                             data::sql(until), static_cast<std::int64_t>(max)}));
  // RETURNING promises no order
  std::ranges::sort(rows, {},
                    [](const data::Row& row) { return std::pair(row.integer(7), row.integer(0)); });
  for (const data::Row& row : rows) {
    leases.push_back({.ref = {.task_id = row.text(1), .queue = queue, .token = row.integer(2)},
                      .payload = row.text(3),
                      .deliveries = static_cast<int>(row.integer(4)),
                      .retries = static_cast<int>(row.integer(5)),
                      .enqueued_at = row.time(6),
                      .due_at = row.time(7)});
  }
  return {};
}

}  // namespace

Result<std::vector<Lease>> claim_due(data::Transaction& tx, const std::string& queue,
                                     const std::string& worker_id, std::size_t max,
                                     milliseconds duration) {
  const Timestamp time = now();
  std::vector<Lease> leases;
  TRY(take_back_lapsed(tx, queue, time));
  const auto priorities = TRY(tx.query(
      "SELECT p.column1 FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS p"
      " WHERE EXISTS (SELECT 1 FROM tasks WHERE queue = $1 AND state = 'ready'"
      "   AND priority = p.column1 AND run_at <= $2) ORDER BY p.column1",
      {queue, data::sql(time)}));
  for (const data::Row& row : priorities) {
    if (leases.size() == max) break;
    TRY(claim(tx, queue, worker_id, row.integer(0), max - leases.size(), time, time + duration,
              leases));
  }
  return leases;
}

Result<std::vector<LeaseRef>> extend_held(data::Transaction& tx, const std::vector<LeaseRef>& held,
                                          milliseconds duration) {
  json::array wanted;
  for (const LeaseRef& ref : held) {
    wanted.push_back(json::array{ref.queue, ref.task_id, ref.token});
  }
  const auto rows = TRY(tx.query(
      fmt::format("UPDATE tasks SET lease_until = $2 FROM {} AS held"
                  " WHERE tasks.queue = held.value->>0 AND tasks.id = held.value->>1"
                  " AND tasks.token = CAST(held.value->>2 AS BIGINT) AND tasks.state = 'leased'"
                  " RETURNING tasks.queue, tasks.id, tasks.token",
                  json_rows(tx.dialect())),
      {json::dump(wanted), data::sql(now() + duration)}));
  std::set<std::tuple<std::string, std::string, std::int64_t>> extended;
  for (const data::Row& row : rows) {
    extended.emplace(row.text(0), row.text(1), row.integer(2));
  }
  std::vector<LeaseRef> lost;
  for (const LeaseRef& ref : held) {
    if (!extended.contains({ref.queue, ref.task_id, ref.token})) lost.push_back(ref);
  }
  return lost;
}

}  // namespace selvage::work
