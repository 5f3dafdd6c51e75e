#include "work/detail/leasing.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <set>

#include "base/json.hpp"
#include "data/database_time.hpp"
#include "work/detail/key_limit.hpp"
#include "work/detail/task_line.hpp"
#include "work/detail/task_rows.hpp"

namespace selvage::work {

namespace {

// On PostgreSQL several claim side by side. They step over rows that others hold, so nobody waits
// for anybody; and the rows are picked once and for all (MATERIALIZED), since a plan that ran the
// sub-query again would step over its own.
std::string on_picked(data::Dialect dialect, std::string_view pick, std::string_view change,
                      std::string_view returning) {
  switch (dialect) {
    case data::Dialect::sqlite:
      return fmt::format("UPDATE tasks SET {} WHERE seq IN ({}){}", change, pick, returning);
    case data::Dialect::postgres:
      return fmt::format(
          "WITH picked AS MATERIALIZED ({} FOR UPDATE SKIP LOCKED)"
          " UPDATE tasks SET {} FROM picked WHERE tasks.seq = picked.seq{}",
          pick, change, returning);
  }
  SELVAGE_CHECK(false);
}

// Lapsed leases go to the front of the line before anybody takes from it.
Result<void> take_back_lapsed(data::Transaction& tx, const std::string& queue, Timestamp time) {
  TRY(tx.execute(on_picked(tx.dialect(),
                           "SELECT seq FROM tasks WHERE queue = $1 AND state = 'leased'"
                           " AND lease_until <= $2",
                           "state = 'ready', vtime = 0, holder = '', lease_until = NULL", ""),
                 {queue, data::sql(time)}));
  return {};
}

// A lease or a retry further ahead than its own length was dated before the clock was set back. It
// begins anew: who lives extends it in time, who died lets it lapse.
Result<void> mend_future(data::Transaction& tx, const std::string& queue, Timestamp time) {
  TRY(
      tx.execute("UPDATE tasks SET lease_until = $2 + span_ms WHERE queue = $1 AND state = 'leased'"
                 " AND lease_until > $2 + span_ms + $3",
                 {queue, data::sql(time), kClockStep.count()}));
  TRY(
      tx.execute("UPDATE tasks SET run_at = $2 + span_ms WHERE queue = $1 AND state = 'ready'"
                 " AND vtime IS NULL AND parked IS NULL AND run_at > $2 + span_ms + $3",
                 {queue, data::sql(time), kClockStep.count()}));
  return {};
}

Result<bool> is_paused(data::Transaction& tx, const std::string& queue) {
  return TRY(tx.query_one("SELECT 1 FROM paused_queues WHERE queue = $1", {queue})).has_value();
}

// Leases what `pick` picks; $2 the holder, $3 until when, $4 how long that is.
std::string lease_sql(data::Dialect dialect, std::string_view pick) {
  return on_picked(dialect, pick,
                   "state = 'leased', token = token + 1, deliveries = deliveries + 1, holder = $2,"
                   " lease_until = $3, span_ms = $4",
                   " RETURNING tasks.seq, id, token, payload, deliveries, retries, enqueued_at,"
                   " run_at, priority, vtime");
}

struct Holder {
  const std::string& worker_id;
  Timestamp until;
  milliseconds span;
};

Result<data::Rows> lease_head(data::Transaction& tx, const std::string& queue, std::size_t max,
                              const Holder& holder) {
  return tx.query(
      lease_sql(tx.dialect(),
                "SELECT seq FROM tasks WHERE queue = $1 AND state = 'ready' AND vtime IS NOT NULL"
                " ORDER BY priority, vtime, run_at, seq LIMIT $5"),
      {queue, holder.worker_id, data::sql(holder.until), holder.span.count(),
       static_cast<std::int64_t>(max)});
}

// The same where a key may have only so many leases.
Result<data::Rows> lease_within(data::Transaction& tx, KeyLimit& limit, std::size_t max,
                                const Holder& holder) {
  const std::string sql =
      lease_sql(tx.dialect(), fmt::format("SELECT seq FROM tasks WHERE seq IN (SELECT"
                                          " CAST(value->>0 AS BIGINT) FROM {} AS picked)",
                                          json_rows(tx.dialect())));
  data::Rows all;
  while (all.size() < max && limit.may_park_more()) {
    const KeyLimit::Picked picked = TRY(limit.pick(max - all.size()));
    if (picked.line_is_empty) break;
    if (picked.seqs.empty()) continue;  // all of them were parked
    json::array list;
    for (const std::int64_t seq : picked.seqs) list.push_back(json::array{seq});
    data::Rows rows = TRY(tx.query(
        sql, {json::dump(list), holder.worker_id, data::sql(holder.until), holder.span.count()}));
    std::ranges::move(rows, std::back_inserter(all));
  }
  return all;
}

}  // namespace

Result<std::vector<Lease>> claim_due(data::Transaction& tx, const std::string& queue,
                                     const std::string& worker_id, std::size_t max,
                                     milliseconds duration, std::int64_t per_key,
                                     ClockSteps& clock) {
  std::vector<Lease> leases;
  if (TRY(is_paused(tx, queue))) return leases;
  const Timestamp time = TRY(data::database_time(tx));
  KeyLimit limit(tx, queue, per_key);
  TRY(limit.begin());
  if (clock.set_back(time, steady_now())) TRY(mend_future(tx, queue, time));
  TRY(take_back_lapsed(tx, queue, time));
  TRY(limit.let_in());
  TRY(admit_due(tx, queue, time));
  const Holder holder{worker_id, time + duration, duration};
  auto rows = per_key == 0 ? TRY(lease_head(tx, queue, max, holder))
                           : TRY(lease_within(tx, limit, max, holder));
  // RETURNING promises no order
  std::ranges::sort(rows, {}, [](const data::Row& row) {
    return std::tuple(row.integer(8), row.integer(9), row.integer(7), row.integer(0));
  });
  leases.reserve(rows.size());
  for (const data::Row& row : rows) {
    leases.push_back({.ref = {.task_id = row.text(1), .queue = queue, .token = row.integer(2)},
                      .payload = row.text(3),
                      .deliveries = static_cast<int>(row.integer(4)),
                      .retries = static_cast<int>(row.integer(5)),
                      .enqueued_at = row.time(6),
                      .due_at = row.time(7)});
  }
  return leases;
}

Result<std::vector<LeaseRef>> extend_held(data::Transaction& tx, const std::vector<LeaseRef>& held,
                                          milliseconds duration) {
  json::array wanted;
  for (const LeaseRef& ref : held) {
    wanted.push_back(json::array{ref.queue, ref.task_id, ref.token});
  }
  const Timestamp time = TRY(data::database_time(tx));
  const auto rows = TRY(tx.query(
      fmt::format("UPDATE tasks SET lease_until = $2, span_ms = $3 FROM {} AS held"
                  " WHERE tasks.queue = held.value->>0 AND tasks.id = held.value->>1"
                  " AND tasks.token = CAST(held.value->>2 AS BIGINT) AND tasks.state = 'leased'"
                  " RETURNING tasks.queue, tasks.id, tasks.token",
                  json_rows(tx.dialect())),
      {json::dump(wanted), data::sql(time + duration), duration.count()}));
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
