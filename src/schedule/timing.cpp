#include "schedule/timing.hpp"

#include <fmt/format.h>

#include <deque>

#include "base/text.hpp"

namespace selvage::schedule {

namespace {

// The largest multiple of `step` that is not later than `time`.
Timestamp floor_to(Timestamp time, milliseconds step) {
  const auto since = time.time_since_epoch();
  const auto rest = since % step;
  return time - (rest < milliseconds(0) ? rest + step : rest);
}

}  // namespace

Result<Timing> Timing::cron(std::string_view line, std::string_view zone) {
  return Timing(Crontab{TRY(Cron::parse(line)), TRY(TimeZone::load(zone))});
}

Result<Timing> Timing::every(std::string_view interval) {
  const auto duration = parse_duration(interval);
  if (duration && *duration >= kMinInterval && *duration <= kMaxInterval &&
      *duration % seconds(1) == milliseconds(0)) {
    return Timing(std::chrono::duration_cast<seconds>(*duration));
  }
  return fail(ErrorKind::invalid, "schedule.every",
              fmt::format("must be 1s to 366d in whole seconds, is {}", in_quotes(interval)),
              "for example: \"30s\", \"5m\", \"1h30m\"");
}

std::optional<Timestamp> Timing::next_after(Timestamp after) const {
  if (const auto* step = std::get_if<seconds>(&when_)) return floor_to(after, *step) + *step;
  const auto& crontab = std::get<Crontab>(when_);
  return crontab.cron.next_after(std::chrono::floor<seconds>(after), crontab.zone);
}

std::int64_t Timing::count(Timestamp from, Timestamp to, std::int64_t most) const {
  if (const auto* step = std::get_if<seconds>(&when_)) {
    const auto first = next_from(from);
    if (*first >= to) return 0;
    return std::min(most, (to - *first - milliseconds(1)) / *step + 1);
  }
  std::int64_t counted = 0;
  for (auto time = next_from(from); time && *time < to && counted < most;
       time = next_after(*time)) {
    ++counted;
  }
  return counted;
}

std::optional<Timestamp> Timing::first_of_last(std::int64_t n, Timestamp from, Timestamp to) const {
  if (from >= to) return std::nullopt;
  // Looks back over stretches that double, so that a long outage of a frequent entry costs no more
  // than the times that count.
  for (milliseconds back = std::chrono::minutes(1);; back *= 2) {
    const Timestamp begin = to - from <= back ? from : to - back;
    std::deque<Timestamp> last;
    for (auto time = next_from(begin); time && *time < to; time = next_after(*time)) {
      last.push_back(*time);
      if (static_cast<std::int64_t>(last.size()) > n) last.pop_front();
    }
    if (static_cast<std::int64_t>(last.size()) == n || begin == from) {
      return last.empty() ? std::nullopt : std::optional(last.front());
    }
  }
}

seconds Timing::interval() const {
  const auto* step = std::get_if<seconds>(&when_);
  return step != nullptr ? *step : seconds(0);
}

}  // namespace selvage::schedule
