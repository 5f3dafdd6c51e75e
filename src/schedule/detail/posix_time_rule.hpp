// The rule at the end of a TZif file, in the notation of POSIX's TZ variable with the extensions of
// RFC 9636: "CET-1CEST,M3.5.0,M10.5.0/3", "<-02>2<-01>,M3.5.0/-1,M10.5.0/0".
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace selvage::schedule::detail {

using std::chrono::seconds;
using std::chrono::sys_seconds;

// A day of each year and a time on it.
struct YearlyMoment {
  enum class Kind { month_week_day, julian_without_leap, day_of_year };
  Kind kind = Kind::month_week_day;
  int month = 1;    // 1..12
  int week = 1;     // 1..5; 5: the last
  int weekday = 0;  // 0: Sunday
  int day = 0;      // of the other kinds
  seconds time{7200};

  // In the clocks' own time before the change, counted as if it were UTC.
  [[nodiscard]] sys_seconds in(std::chrono::year year) const;
};

struct PosixTimeRule {
  seconds standard{0};  // local = UTC + this
  struct Daylight {
    seconds offset{0};
    YearlyMoment begins;
    YearlyMoment ends;
  };
  std::optional<Daylight> daylight;
};

// nullopt: not in this notation.
[[nodiscard]] std::optional<PosixTimeRule> parse_posix_time_rule(std::string_view text);

}  // namespace selvage::schedule::detail
