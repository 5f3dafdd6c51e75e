// Cron: the times that a line of crontab(5) names, in the clocks of a place.
//
// Five fields: minute, hour, day of month, month, day of week; "*", numbers, names (jan, mon),
// lists "1,15", ranges "9-17", steps "*/5" and "9-17/2"; Sunday is 0 or 7. Or one of @hourly,
// @daily,
// @midnight, @weekly, @monthly, @yearly, @annually. When both days are restricted (do not cover
// everything), either suffices, as crontab(5) says.
//
// When the clocks change, an entry whose hour field covers all 24 hours follows real time: what the
// clocks skip does not exist, what they repeat happens twice. Any other entry happens once: what
// falls into the skipped stretch fires at its end, what is repeated fires the first time.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "schedule/time_zone.hpp"

namespace selvage::schedule {

class Cron {
 public:
  // Errors: schedule.cron (invalid), naming the field, also for a date that never comes (Feb 30).
  [[nodiscard]] static Result<Cron> parse(std::string_view text);

  // The first time after `after`, which may lie between two seconds of the caller's; nullopt past
  // the year 9000.
  [[nodiscard]] std::optional<sys_seconds> next_after(sys_seconds after,
                                                      const TimeZone& zone) const;

  // Whether the fields name this minute of a calendar, without regard to any zone.
  [[nodiscard]] bool matches(local_seconds minute) const;

 private:
  [[nodiscard]] bool matches_day(std::chrono::local_days day) const;
  // The first matching minute in [from, end).
  [[nodiscard]] std::optional<local_seconds> first_in(local_seconds from, local_seconds end) const;

  std::uint64_t minutes_ = 0;  // bit i: minute i, and so on
  std::uint64_t hours_ = 0;
  std::uint64_t days_ = 0;      // 1..31
  std::uint64_t months_ = 0;    // 1..12
  std::uint64_t weekdays_ = 0;  // 0..6
};

}  // namespace selvage::schedule
