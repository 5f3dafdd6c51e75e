// Time. Wall-clock points are milliseconds since the Unix epoch in UTC (what is stored and sent);
// waits and time-outs use the steady clock, so a jump of the wall clock never cuts or stretches
// them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace selvage {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Timestamp = std::chrono::time_point<std::chrono::system_clock, milliseconds>;
using SteadyTime = std::chrono::steady_clock::time_point;

// Any thread. Tests may set it; see ScopedClock.
[[nodiscard]] Timestamp now();
[[nodiscard]] inline SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

[[nodiscard]] inline std::int64_t to_unix_ms(Timestamp time) {
  return time.time_since_epoch().count();
}
[[nodiscard]] inline Timestamp from_unix_ms(std::int64_t ms) { return Timestamp(milliseconds(ms)); }

// "2026-11-21T03:43:20.125Z"; REQUIRES: a year of 0 to 9999.
[[nodiscard]] std::string to_rfc3339(Timestamp time);
// Takes any RFC 3339 date-time with offset. Errors: clock.timestamp.
[[nodiscard]] Result<Timestamp> parse_rfc3339(std::string_view text);

// "30s", "250ms", "6h", "1m30s", "2d", "45" (seconds); at most 100 years. Errors: clock.duration.
[[nodiscard]] Result<milliseconds> parse_duration(std::string_view text);
// The same spelling back: "1m30s", "0s".
[[nodiscard]] std::string to_string(milliseconds duration);

// A point in steady time after which waiting is pointless.
struct Deadline {
  SteadyTime at = SteadyTime::max();
  // A wait of more than 100 years is never().
  [[nodiscard]] static Deadline after(milliseconds wait);
  [[nodiscard]] static Deadline never() { return {}; }
  // Rounded up; zero when passed.
  [[nodiscard]] milliseconds left() const;
  [[nodiscard]] bool passed() const { return steady_now() >= at; }
  [[nodiscard]] Deadline sooner(Deadline other) const { return at < other.at ? *this : other; }
};

// Tests only: freezes now(), and the clock of the database, at `time` for its life; advance() moves
// it. One at a time in a process.
class ScopedClock {
 public:
  explicit ScopedClock(Timestamp time);
  ~ScopedClock();
  ScopedClock(const ScopedClock&) = delete;
  ScopedClock& operator=(const ScopedClock&) = delete;
  void advance(milliseconds by);
  // Any thread.
  [[nodiscard]] static bool exists();
};

}  // namespace selvage
