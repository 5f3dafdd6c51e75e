// Timing: when an entry fires, for ever. Either a crontab line in a time zone, or an interval,
// whose times are the whole multiples since 1970-01-01T00:00Z: "every 30s" is :00 and :30 on every
// machine, whoever leads and since whenever. A value; any thread.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "base/clock.hpp"
#include "schedule/cron.hpp"

namespace selvage::schedule {

inline constexpr seconds kMinInterval{1};
inline constexpr seconds kMaxInterval{366 * 24 * 3600};

class Timing {
 public:
  // Errors: schedule.cron, schedule.timezone.
  [[nodiscard]] static Result<Timing> cron(std::string_view line, std::string_view zone);
  // "30s", "5m": whole seconds, kMinInterval to kMaxInterval. Errors: schedule.every.
  [[nodiscard]] static Result<Timing> every(std::string_view interval);

  [[nodiscard]] static Timing hourly() { return Timing(seconds(3600)); }

  // The first time after `after`; nullopt when the calendar ends. Times are whole seconds.
  [[nodiscard]] std::optional<Timestamp> next_after(Timestamp after) const;
  // The first time at or after `from`.
  [[nodiscard]] std::optional<Timestamp> next_from(Timestamp from) const {
    return next_after(from - milliseconds(1));
  }
  // How many times lie in [from, to), counted up to `most`.
  [[nodiscard]] std::int64_t count(Timestamp from, Timestamp to, std::int64_t most) const;
  // The earliest of the last `n` times in [from, to); nullopt when there is none.
  [[nodiscard]] std::optional<Timestamp> first_of_last(std::int64_t n, Timestamp from,
                                                       Timestamp to) const;
  // The interval, or 0 for a crontab line.
  [[nodiscard]] seconds interval() const;

 private:
  struct Crontab {
    Cron cron;
    TimeZone zone;
  };
  explicit Timing(std::variant<Crontab, seconds> when) : when_(std::move(when)) {}

  std::variant<Crontab, seconds> when_;
};

}  // namespace selvage::schedule
