#include "work/detail/key_limit.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.hpp"
#include "work/detail/task_rows.hpp"

namespace selvage::work {

namespace {

// Each parked key and its leases, by one seek a key however many tasks it has parked.
constexpr std::string_view kParkedKeys =
    "WITH RECURSIVE keys (k) AS (SELECT MIN(fair_key) FROM tasks WHERE queue = $1"
    "  AND parked IS NOT NULL"
    " UNION ALL SELECT (SELECT MIN(fair_key) FROM tasks WHERE queue = $1 AND parked IS NOT NULL"
    "  AND fair_key > keys.k) FROM keys WHERE keys.k IS NOT NULL)"
    " SELECT k, (SELECT COUNT(*) FROM tasks WHERE queue = $1 AND state = 'leased'"
    "  AND fair_key = keys.k AND fair_key <> '') FROM keys WHERE k IS NOT NULL";

constexpr std::string_view kLetIn =
    "UPDATE tasks SET parked = NULL, vtime = COALESCE((SELECT MIN(line.vtime) FROM tasks AS line"
    "  WHERE line.queue = tasks.queue AND line.priority = tasks.priority"
    "  AND line.state = 'ready' AND line.vtime > 0), 1)"
    " WHERE seq IN (SELECT seq FROM tasks WHERE queue = $1 AND fair_key = $2"
    "  AND parked IS NOT NULL ORDER BY seq LIMIT $3)";

}  // namespace

Result<void> KeyLimit::begin() {
  if (limit_ == 0 || tx_.dialect() != data::Dialect::postgres) return {};
  TRY(tx_.query("SELECT 1 FROM pg_advisory_xact_lock(hashtextextended($1, 0))", {queue_}));
  return {};
}

Result<void> KeyLimit::let_in() {
  if (limit_ == 0) {  // parked by those who had one
    TRY(tx_.execute("UPDATE tasks SET parked = NULL WHERE queue = $1 AND parked IS NOT NULL",
                    {queue_}));
    return {};
  }
  for (const data::Row& row : TRY(tx_.query(kParkedKeys, {queue_}))) {
    const std::int64_t room = limit_ - row.integer(1);
    if (room > 0) TRY(tx_.execute(kLetIn, {queue_, row.text(0), room}));
  }
  return {};
}

Result<KeyLimit::Picked> KeyLimit::pick(std::size_t max) {
  const auto rows =
      TRY(tx_.query("SELECT seq, fair_key FROM tasks WHERE queue = $1"
                    " AND state = 'ready' AND vtime IS NOT NULL"
                    " ORDER BY priority, vtime, run_at, seq LIMIT $2",
                    {queue_, static_cast<std::int64_t>(max)}));
  Picked picked{.seqs = {}, .line_is_empty = rows.empty()};
  std::vector<std::int64_t> over;
  for (const data::Row& row : rows) {
    const std::string& key = row.text(1);
    if (key.empty()) {
      picked.seqs.push_back(row.integer(0));
    } else if (TRY(leases_of(key)) < limit_) {
      ++leases_[key];
      picked.seqs.push_back(row.integer(0));
    } else {
      over.push_back(row.integer(0));
    }
  }
  if (!over.empty()) TRY(park(over));
  return picked;
}

Result<std::int64_t> KeyLimit::leases_of(const std::string& key) {
  const auto known = leases_.find(key);
  if (known != leases_.end()) return known->second;
  const auto counted =
      TRY(tx_.query_one("SELECT COUNT(*) FROM tasks WHERE queue = $1 AND state = 'leased'"
                        " AND fair_key = $2 AND fair_key <> ''",
                        {queue_, key}));
  leases_[key] = counted->integer(0);
  return counted->integer(0);
}

Result<void> KeyLimit::park(const std::vector<std::int64_t>& seqs) {
  json::array list;
  for (const std::int64_t seq : seqs) list.push_back(json::array{seq});
  TRY(tx_.execute(fmt::format("UPDATE tasks SET parked = 1, vtime = NULL WHERE seq IN"
                              " (SELECT CAST(value->>0 AS BIGINT) FROM {} AS over)",
                              json_rows(tx_.dialect())),
                  {json::dump(list)}));
  parked_ += seqs.size();
  return {};
}

}  // namespace selvage::work
