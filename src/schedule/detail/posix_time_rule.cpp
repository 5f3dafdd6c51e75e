#include "schedule/detail/posix_time_rule.hpp"

#include <charconv>

#include "base/text.hpp"

namespace selvage::schedule::detail {

namespace {

using std::chrono::days;

// Reads from the front of a text; every read says whether it was there.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool done() const { return rest_.empty(); }
  bool skip(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::optional<int> number(int min, int max) {
    int value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (rest_.empty() || !is_digit(rest_.front()) || error != std::errc() || value < min ||
        value > max) {
      return std::nullopt;
    }
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return value;
  }
  // "CET" or "<+03>"; the name itself is not needed.
  bool zone_name() {
    std::size_t length = 0;
    if (skip('<')) {
      length = rest_.find('>');
      if (length == std::string_view::npos) return false;
      rest_.remove_prefix(length + 1);
      return length >= 3;
    }
    while (length < rest_.size() && is_letter(rest_[length])) ++length;
    rest_.remove_prefix(length);
    return length >= 3;
  }
  // [+-]hours[:minutes[:seconds]]
  std::optional<seconds> time(int max_hours) {
    const bool negative = skip('-');
    if (!negative) skip('+');
    const auto hours = number(0, max_hours);
    if (!hours) return std::nullopt;
    seconds total = std::chrono::hours(*hours);
    for (const seconds unit : {seconds(60), seconds(1)}) {
      if (!skip(':')) break;
      const auto part = number(0, 59);
      if (!part) return std::nullopt;
      total += unit * *part;
    }
    return negative ? -total : total;
  }

 private:
  static bool is_letter(char c) { return to_lower_ascii(c) >= 'a' && to_lower_ascii(c) <= 'z'; }
  std::string_view rest_;
};

std::optional<YearlyMoment> read_moment(Scanner& scanner) {
  YearlyMoment moment;
  if (scanner.skip('M')) {
    const auto month = scanner.number(1, 12);
    if (!month || !scanner.skip('.')) return std::nullopt;
    const auto week = scanner.number(1, 5);
    if (!week || !scanner.skip('.')) return std::nullopt;
    const auto weekday = scanner.number(0, 6);
    if (!weekday) return std::nullopt;
    moment.month = *month;
    moment.week = *week;
    moment.weekday = *weekday;
  } else {
    const bool julian = scanner.skip('J');
    const auto day = julian ? scanner.number(1, 365) : scanner.number(0, 365);
    if (!day) return std::nullopt;
    moment.kind =
        julian ? YearlyMoment::Kind::julian_without_leap : YearlyMoment::Kind::day_of_year;
    moment.day = *day;
  }
  if (scanner.skip('/')) {
    const auto time = scanner.time(167);
    if (!time) return std::nullopt;
    moment.time = *time;
  }
  return moment;
}

}  // namespace

sys_seconds YearlyMoment::in(std::chrono::year year) const {
  using std::chrono::January;
  using std::chrono::sys_days;
  const sys_days first = year / January / 1;
  switch (kind) {
    case Kind::julian_without_leap:
      return first + days(day - 1 + (year.is_leap() && day >= 60 ? 1 : 0)) + time;
    case Kind::day_of_year:
      return first + days(day) + time;
    case Kind::month_week_day:
      break;
  }
  const auto of_month = year / std::chrono::month(static_cast<unsigned>(month));
  const std::chrono::weekday wanted(static_cast<unsigned>(weekday));
  const sys_days found = week == 5 ? sys_days(of_month / wanted[std::chrono::last])
                                   : sys_days(of_month / wanted[static_cast<unsigned>(week)]);
  return found + time;
}

std::optional<PosixTimeRule> parse_posix_time_rule(std::string_view text) {
  Scanner scanner(text);
  PosixTimeRule rule;
  if (!scanner.zone_name()) return std::nullopt;
  const auto standard = scanner.time(24);
  if (!standard) return std::nullopt;
  rule.standard = -*standard;  // POSIX counts westwards
  if (scanner.done()) return rule;

  PosixTimeRule::Daylight daylight{.offset = rule.standard + std::chrono::hours(1)};
  if (!scanner.zone_name()) return std::nullopt;
  if (!scanner.skip(',')) {
    const auto offset = scanner.time(24);
    if (!offset || !scanner.skip(',')) return std::nullopt;
    daylight.offset = -*offset;
  }
  const auto begins = read_moment(scanner);
  if (!begins || !scanner.skip(',')) return std::nullopt;
  const auto ends = read_moment(scanner);
  if (!ends || !scanner.done()) return std::nullopt;
  daylight.begins = *begins;
  daylight.ends = *ends;
  rule.daylight = daylight;
  return rule;
}

}  // namespace selvage::schedule::detail
