#include "work/detail/turn.hpp"

#include <algorithm>

namespace selvage::work {

Result<Turn> take_turn(data::Transaction& tx, const std::string& name, std::int64_t per_minute,
                       std::int64_t cost, Timestamp time, milliseconds at_most) {
  // On PostgreSQL the row must be locked before it is read, and to be locked it must exist.
  TRY(tx.execute(
      "INSERT INTO rate_limits (name, free_at_us) VALUES ($1, 0) ON CONFLICT (name) DO NOTHING",
      {name}));
  const auto row =
      TRY(tx.query_one(tx.dialect() == data::Dialect::postgres
                           ? "SELECT free_at_us FROM rate_limits WHERE name = $1 FOR UPDATE"
                           : "SELECT free_at_us FROM rate_limits WHERE name = $1",
                       {name}));

  const microseconds interval = turn_interval(per_minute);
  const microseconds present = time.time_since_epoch();
  microseconds free_at(row->integer(0));
  if (free_at > present + furthest_turn(per_minute)) free_at = present + kTurnMinute;

  const microseconds start = std::max(present, free_at + (cost - 1) * interval);
  const Turn turn{.taken = start - present <= std::min(at_most, kTurnHorizon),
                  .wait = std::chrono::ceil<milliseconds>(start - present)};
  if (!turn.taken) return turn;
  TRY(tx.execute("UPDATE rate_limits SET free_at_us = $2 WHERE name = $1",
                 {name, std::int64_t{(start + cost * interval).count()}}));
  return turn;
}

}  // namespace selvage::work
