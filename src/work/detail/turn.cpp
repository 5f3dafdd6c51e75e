#include "work/detail/turn.hpp"

#include <algorithm>

namespace selvage::work {

namespace {

using std::chrono::microseconds;

constexpr microseconds kMinute = std::chrono::minutes(1) + kTurnSlack;

// Rounded up: the limit may be missed, never exceeded.
microseconds interval_of(std::int64_t per_minute) {
  return microseconds((kMinute.count() + per_minute - 1) / per_minute);
}

}  // namespace

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

  const microseconds interval = interval_of(per_minute);
  const microseconds present = time.time_since_epoch();
  // A row further ahead than any turn can put it was written before the clock was set back: a whole
  // minute from now on is safe, waiting for the old time is pointless.
  const microseconds furthest = present + kMinute + kTurnHorizon + per_minute * interval;
  microseconds free_at(row->integer(0));
  if (free_at > furthest) free_at = present + kMinute;

  const microseconds start = std::max(present, free_at + (cost - 1) * interval);
  const Turn turn{.taken = start - present <= std::min(at_most, kTurnHorizon),
                  .wait = std::chrono::ceil<milliseconds>(start - present)};
  if (!turn.taken) return turn;
  TRY(tx.execute("UPDATE rate_limits SET free_at_us = $2 WHERE name = $1",
                 {name, std::int64_t{(start + cost * interval).count()}}));
  return turn;
}

}  // namespace selvage::work
