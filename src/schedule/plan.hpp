// Plan: what a leader does with one entry at one moment. A pure function, so that the rule for late
// times is in one place and can be tested against a walk.
//
// A time that is at most `on_time` late fires, whatever the entry says: a leader that was killed
// and replaced, or a database that restarted, loses nothing. Times that are later than that passed
// while nobody led (an outage, a clock that jumped ahead); for them the entry's policy holds:
//   skip  they are gone;
//   once  if nothing newer is due, the latest of them fires: a nightly job that was missed runs in
//         the morning, a minutely one does not run sixty times;
//   all   they fire one after the other, oldest first, the latest `catch_up_max` of them.
#pragma once

#include <optional>

#include "schedule/entry.hpp"

namespace selvage::schedule {

struct Plan {
  std::optional<Timestamp> fire;  // the time to fire for; none: nothing now
  std::optional<Timestamp> next;  // the entry's next time from now on; none: never again
  std::int64_t skipped = 0;       // times that are given up, counted up to kMaxCounted
  bool expired = false;           // `fire` would expire before anybody could run it: do not enqueue
};

inline constexpr std::int64_t kMaxCounted = 10'000;

// When a time of an entry is due: its jitter later, which depends on nothing but name and time.
[[nodiscard]] Timestamp due_at(const Entry& entry, Timestamp time);

// `next` is the entry's oldest time that has neither fired nor been given up.
[[nodiscard]] Plan make_plan(const Entry& entry, Timestamp next, Timestamp now,
                             milliseconds on_time);

// The id of the task that fires for `time`: "nightly@2026-11-21T03:00:00Z". The same for every
// process, so that a queue knows a second one.
[[nodiscard]] std::string task_id(const std::string& entry, Timestamp time);

}  // namespace selvage::schedule
