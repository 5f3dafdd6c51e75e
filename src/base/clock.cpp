#include "base/clock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <optional>

#include "base/text.hpp"

namespace selvage {

namespace {

constexpr std::int64_t kNotFrozen = INT64_MIN;
std::atomic<std::int64_t> frozen_ms = kNotFrozen;

// A hundred years. Steady time counts nanoseconds in 64 bits (292 years), so adding a duration
// cannot overflow.
constexpr milliseconds kMaxDuration = std::chrono::days(36'500);

// Takes exactly `digits` digits off the front.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int number = 0;
  for (const char c : text.substr(0, digits)) {
    if (!is_digit(c)) return std::nullopt;
    number = number * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return number;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || !any_of.contains(text.front())) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<milliseconds> take_fraction(std::string_view& text) {
  if (!take(text, ".")) return milliseconds(0);
  int thousandths = 0;
  int place = 100;
  std::size_t digits = 0;
  for (; digits < text.size() && is_digit(text[digits]); ++digits) {
    thousandths += (text[digits] - '0') * place;
    place /= 10;
  }
  if (digits == 0) return std::nullopt;
  text.remove_prefix(digits);
  return milliseconds(thousandths);
}

std::optional<std::chrono::minutes> take_offset(std::string_view& text) {
  if (take(text, "Zz")) return std::chrono::minutes(0);
  const bool west = text.starts_with('-');
  if (!take(text, "+-")) return std::nullopt;
  const auto hours = take_number(text, 2);
  if (!hours || *hours > 23 || !take(text, ":")) return std::nullopt;
  const auto minutes = take_number(text, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  const std::chrono::minutes offset(*hours * 60 + *minutes);
  return west ? -offset : offset;
}

std::optional<Timestamp> read_rfc3339(std::string_view text) {
  const auto year = take_number(text, 4);
  if (!year || !take(text, "-")) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take(text, "-")) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day || !take(text, "Tt ")) return std::nullopt;
  const auto hour = take_number(text, 2);
  if (!hour || *hour > 23 || !take(text, ":")) return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute || *minute > 59 || !take(text, ":")) return std::nullopt;
  const auto second = take_number(text, 2);
  if (!second || *second > 60)
    return std::nullopt;  // 60 is a leap second: the first of the next minute
  const auto fraction = take_fraction(text);
  if (!fraction) return std::nullopt;
  const auto offset = take_offset(text);
  if (!offset || !text.empty()) return std::nullopt;

  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return Timestamp(std::chrono::sys_days(date)) + std::chrono::hours(*hour) +
         std::chrono::minutes(*minute) + std::chrono::seconds(*second) + *fraction - *offset;
}

struct DurationUnit {
  std::string_view name;
  std::int64_t ms;
};
constexpr std::array kDurationUnits = {DurationUnit{"d", 86'400'000}, DurationUnit{"h", 3'600'000},
                                       DurationUnit{"m", 60'000}, DurationUnit{"s", 1'000},
                                       DurationUnit{"ms", 1}};

std::unexpected<Error> not_a_duration(std::string_view text, std::string_view why) {
  return fail(
      ErrorKind::invalid, "clock.duration",
      fmt::format("{} is not a duration: {}", in_quotes(text), why),
      "Write numbers with d, h, m, s or ms, the largest unit first, for example 1m30s; a bare "
      "number means seconds.");
}

}  // namespace

Timestamp now() {
  const std::int64_t frozen = frozen_ms.load(std::memory_order_relaxed);
  if (frozen != kNotFrozen) return from_unix_ms(frozen);
  return std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
}

// Every log line has a time, so the digits are written by hand.
std::string to_rfc3339(Timestamp time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::string text = "0000-00-00T00:00:00.000Z";
  const auto put = [&text](std::size_t last, std::int64_t number) {
    for (; number > 0; number /= 10) text[last--] = static_cast<char>('0' + number % 10);
  };
  put(3, std::clamp(int(date.year()), 0, 9999));
  put(6, unsigned(date.month()));
  put(9, unsigned(date.day()));
  put(12, clock.hours().count());
  put(15, clock.minutes().count());
  put(18, clock.seconds().count());
  put(22, clock.subseconds().count());
  return text;
}

Result<Timestamp> parse_rfc3339(std::string_view text) {
  if (auto time = read_rfc3339(text)) return *time;
  return fail(ErrorKind::invalid, "clock.timestamp",
              fmt::format("{} is not an RFC 3339 date and time", in_quotes(text)),
              "Write it like 2026-11-21T03:43:20Z or 2026-11-21T04:43:20.125+01:00.");
}

Result<milliseconds> parse_duration(std::string_view text) {
  std::string_view rest = trim(text);
  std::size_t next_unit = 0;
  std::int64_t total = 0;
  if (rest.empty()) return not_a_duration(text, "it is empty");
  while (!rest.empty()) {
    std::int64_t number = 0;
    if (!is_digit(rest.front())) return not_a_duration(text, "a number is missing");
    const auto [at, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error != std::errc()) return not_a_duration(text, "it is longer than 100 years");
    rest.remove_prefix(static_cast<std::size_t>(at - rest.data()));

    std::size_t letters = 0;
    while (letters < rest.size() && !is_digit(rest[letters])) ++letters;
    std::string_view name = rest.substr(0, letters);
    rest.remove_prefix(letters);
    if (name.empty()) {
      if (next_unit != 0) return not_a_duration(text, "a unit is missing");
      name = "s";
    }
    while (next_unit < kDurationUnits.size() && kDurationUnits[next_unit].name != name) ++next_unit;
    if (next_unit == kDurationUnits.size()) {
      return not_a_duration(text,
                            fmt::format("the unit {} is unknown or out of order", in_quotes(name)));
    }
    std::int64_t part = 0;
    if (__builtin_mul_overflow(number, kDurationUnits[next_unit].ms, &part) ||
        __builtin_add_overflow(total, part, &total) || total > kMaxDuration.count()) {
      return not_a_duration(text, "it is longer than 100 years");
    }
    ++next_unit;
  }
  return milliseconds(total);
}

std::string to_string(milliseconds duration) {
  if (duration.count() == 0) return "0s";
  std::string text = duration.count() < 0 ? "-" : "";
  auto left = static_cast<std::uint64_t>(duration.count());
  if (duration.count() < 0) left = 0 - left;
  for (const DurationUnit& unit : kDurationUnits) {
    const auto size = static_cast<std::uint64_t>(unit.ms);
    if (left >= size) fmt::format_to(std::back_inserter(text), "{}{}", left / size, unit.name);
    left %= size;
  }
  return text;
}

Deadline Deadline::after(milliseconds wait) {
  return wait > kMaxDuration ? never() : Deadline{steady_now() + wait};
}

milliseconds Deadline::left() const {
  const auto remaining = at - steady_now();
  if (remaining.count() <= 0) return milliseconds(0);
  // Rounded up, so that whoever waits this long never wakes before the deadline and spins.
  return std::chrono::ceil<milliseconds>(remaining);
}

bool ScopedClock::exists() { return frozen_ms.load(std::memory_order_relaxed) != kNotFrozen; }
ScopedClock::ScopedClock(Timestamp time) {
  const std::int64_t before = frozen_ms.exchange(to_unix_ms(time));
  SELVAGE_CHECK(before == kNotFrozen);
}
ScopedClock::~ScopedClock() { frozen_ms = kNotFrozen; }
void ScopedClock::advance(milliseconds by) { frozen_ms += by.count(); }

}  // namespace selvage
