// The arithmetic of limits over a minute, as every TurnBook keeps it.
//
// With one turn every `interval`, a call of cost c may start no sooner than (c - 1) intervals after
// the free time and blocks the c intervals from its start on. Between the starts of any calls
// i..j lie then at least (c_i + ... + c_j - 1) intervals, so a minute in which more than per_minute
// units start cannot exist. A caller wakes late, though, and lateness may shrink the distance
// between two calls: so a turn is only good for kTurnSlack, and the intervals of one minute fill
// kTurnSlack more than a minute.
#pragma once

#include <optional>
#include <string>

#include "data/database.hpp"

namespace selvage::work {

using std::chrono::microseconds;

inline constexpr milliseconds kTurnSlack{500};
inline constexpr milliseconds kTurnHorizon{1000};
inline constexpr microseconds kTurnMinute = std::chrono::minutes(1) + kTurnSlack;

// Rounded up: the limit may be missed, never exceeded.
[[nodiscard]] constexpr microseconds turn_interval(std::int64_t per_minute) {
  return microseconds((kTurnMinute.count() + per_minute - 1) / per_minute);
}

// A free time further ahead than any turn can put it was written before the clock was set back: a
// whole minute from now on is safe, waiting for the old time is pointless.
[[nodiscard]] constexpr microseconds furthest_turn(std::int64_t per_minute) {
  return kTurnMinute + kTurnHorizon + per_minute * turn_interval(per_minute);
}

struct Turn {
  bool taken = false;
  // From the time asked about: until the call may start, or, when not taken, until the turn would
  // be.
  milliseconds wait{0};
};

// In the table `rate_limits`: takes a turn for a call of `cost` when it begins within `at_most`
// (never more than kTurnHorizon counts). REQUIRES: 1 <= cost <= per_minute.
[[nodiscard]] Result<Turn> take_turn(data::Transaction& tx, const std::string& name,
                                     std::int64_t per_minute, std::int64_t cost, Timestamp time,
                                     milliseconds at_most);

}  // namespace selvage::work
