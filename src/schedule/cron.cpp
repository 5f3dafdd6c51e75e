#include "schedule/cron.hpp"

#include <fmt/format.h>

#include <bit>
#include <vector>

#include "base/text.hpp"
#include "schedule/detail/cron_field.hpp"

namespace selvage::schedule {

namespace {

using std::chrono::local_days;
using std::chrono::minutes;
using std::chrono::year_month_day;

constexpr std::chrono::year kLastYear{9000};
constexpr sys_seconds kEnd = std::chrono::sys_days(kLastYear / 12 / 31);

struct Nickname {
  std::string_view name;
  std::string_view fields;
};
constexpr Nickname kNicknames[] = {{"@hourly", "0 * * * *"},   {"@daily", "0 0 * * *"},
                                   {"@midnight", "0 0 * * *"}, {"@weekly", "0 0 * * 0"},
                                   {"@monthly", "0 0 1 * *"},  {"@yearly", "0 0 1 1 *"},
                                   {"@annually", "0 0 1 1 *"}};

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = text.find_first_not_of(" \t", at);
    if (begin == std::string_view::npos) break;
    at = std::min(text.find_first_of(" \t", begin), text.size());
    words.push_back(text.substr(begin, at - begin));
  }
  return words;
}

Result<std::string_view> without_nickname(std::string_view text) {
  text = trim(text);
  if (!text.starts_with('@')) return text;
  for (const Nickname& known : kNicknames) {
    if (equals_icase(text, known.name)) return known.fields;
  }
  return fail(ErrorKind::invalid, "schedule.cron", fmt::format("there is no {}", in_quotes(text)),
              "use @hourly, @daily, @weekly, @monthly, @yearly, or five fields");
}

bool has(std::uint64_t set, unsigned number) { return (set >> number & 1U) != 0; }

bool covers_all(std::uint64_t set, std::size_t field) {
  return set == detail::every(detail::kCronFieldRules[field]);
}

// Whether some year has one of these days in one of these months.
bool ever_comes(std::uint64_t days, std::uint64_t months) {
  for (unsigned month = 1; month <= 12; ++month) {
    const auto last = (std::chrono::year(2000) / std::chrono::month(month) / std::chrono::last);
    const unsigned length = static_cast<unsigned>(last.day());
    if (has(months, month) && (days & ((std::uint64_t{2} << length) - 1)) != 0) return true;
  }
  return false;
}

}  // namespace

Result<Cron> Cron::parse(std::string_view text) {
  const auto words = words_of(TRY(without_nickname(text)));
  if (words.size() != detail::kCronFields) {
    return fail(ErrorKind::invalid, "schedule.cron",
                fmt::format("{} has {} fields, not 5", in_quotes(text), words.size()),
                "minute, hour, day of month, month, day of week: \"0 3 * * *\"; for seconds use "
                "an interval");
  }
  Cron cron;
  std::uint64_t* const sets[] = {&cron.minutes_, &cron.hours_, &cron.days_, &cron.months_,
                                 &cron.weekdays_};
  for (std::size_t i = 0; i < detail::kCronFields; ++i) {
    *sets[i] = TRY(detail::parse_cron_field(words[i], detail::kCronFieldRules[i]));
  }
  if (covers_all(cron.weekdays_, 4) && !ever_comes(cron.days_, cron.months_)) {
    return fail(ErrorKind::invalid, "schedule.cron",
                fmt::format("{} names a date that never comes", in_quotes(text)));
  }
  return cron;
}

bool Cron::matches_day(local_days day) const {
  const year_month_day date(day);
  if (!has(months_, static_cast<unsigned>(date.month()))) return false;
  const bool of_month = has(days_, static_cast<unsigned>(date.day()));
  const bool of_week = has(weekdays_, std::chrono::weekday(day).c_encoding());
  if (covers_all(days_, 2) || covers_all(weekdays_, 4)) return of_month && of_week;
  return of_month || of_week;
}

bool Cron::matches(local_seconds minute) const {
  const auto day = std::chrono::floor<std::chrono::days>(minute);
  const auto in_day = std::chrono::floor<minutes>(minute - day);
  return matches_day(day) && has(hours_, static_cast<unsigned>(in_day.count() / 60)) &&
         has(minutes_, static_cast<unsigned>(in_day.count() % 60));
}

std::optional<local_seconds> Cron::first_in(local_seconds from, local_seconds end) const {
  auto minute = std::chrono::ceil<minutes>(from);
  auto day = std::chrono::floor<std::chrono::days>(minute);
  while (day < end) {
    const year_month_day date(day);
    if (date.year() > kLastYear) return std::nullopt;
    if (!has(months_, static_cast<unsigned>(date.month()))) {
      day = local_days((date.year() / date.month() + std::chrono::months(1)) / 1);
    } else {
      auto at = std::max<std::chrono::local_time<minutes>>(minute, day);
      for (unsigned hour = static_cast<unsigned>((at - day).count() / 60);
           matches_day(day) && hour < 24; ++hour) {
        const auto begin = day + std::chrono::hours(hour);
        const std::uint64_t left =
            has(hours_, hour)
                ? minutes_ >> static_cast<unsigned>(std::max<std::int64_t>((at - begin).count(), 0))
                : 0;
        if (left == 0) continue;
        const auto found =
            std::max<std::chrono::local_time<minutes>>(at, begin) + minutes(std::countr_zero(left));
        if (found < end) return found;
        return std::nullopt;
      }
      day += std::chrono::days(1);
    }
    minute = day;
  }
  return std::nullopt;
}

std::optional<sys_seconds> Cron::next_after(sys_seconds after, const TimeZone& zone) const {
  const bool real_time = covers_all(hours_, 1);
  for (ZoneSpan span = zone.at(after);; span = zone.at(span.end)) {
    sys_seconds from = std::max(after + seconds(1), span.begin);
    if (!real_time && span.begin > sys_seconds::min()) {
      const seconds before = zone.at(span.begin - seconds(1)).offset;
      const auto local = [&](seconds offset) {
        return local_seconds(span.begin.time_since_epoch() + offset);
      };
      // what the clocks skipped fires now, at the end of the gap
      if (before < span.offset && span.begin > after &&
          first_in(local(before), local(span.offset))) {
        return span.begin;
      }
      // what they repeat has fired
      if (before > span.offset) from = std::max(from, span.begin + (before - span.offset));
    }
    const auto end = span.end == sys_seconds::max()
                         ? local_seconds::max()
                         : local_seconds(span.end.time_since_epoch() + span.offset);
    const auto found = first_in(local_seconds(from.time_since_epoch() + span.offset), end);
    if (found) return sys_seconds(found->time_since_epoch() - span.offset);
    if (span.end >= kEnd) return std::nullopt;
  }
}

}  // namespace selvage::schedule
