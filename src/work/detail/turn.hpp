// The arithmetic of CallLimiter.
//
// With one turn every `interval`, a call of cost c may start no sooner than (c - 1) intervals after
// the row's free time and blocks the c intervals from its start on. Between the starts of any calls
// i..j lie then at least (c_i + ... + c_j - 1) intervals, so a minute in which more than per_minute
// units start cannot exist. A caller wakes late, though, and lateness may shrink the distance
// between two calls: so a turn is only good for kTurnSlack, and the intervals of one minute fill
// kTurnSlack more than a minute.
#pragma once

#include <optional>
#include <string>

#include "data/database.hpp"

namespace selvage::work {

inline constexpr milliseconds kTurnSlack{500};
inline constexpr milliseconds kTurnHorizon{1000};

struct Turn {
  bool taken = false;
  // From the time asked about: until the call may start, or, when not taken, until the turn would
  // be.
  milliseconds wait{0};
};

// Takes a turn for a call of `cost` when it begins within `at_most` (never more than kTurnHorizon
// counts). REQUIRES: 1 <= cost <= per_minute.
[[nodiscard]] Result<Turn> take_turn(data::Transaction& tx, const std::string& name,
                                     std::int64_t per_minute, std::int64_t cost, Timestamp time,
                                     milliseconds at_most);

}  // namespace selvage::work
