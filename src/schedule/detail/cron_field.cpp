#include "schedule/detail/cron_field.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "base/text.hpp"

namespace selvage::schedule::detail {

namespace {

constexpr std::string_view kMonths[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                        "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::string_view kWeekdays[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

std::unexpected<Error> wrong(const CronFieldRule& rule, std::string_view what) {
  return fail(ErrorKind::invalid, "schedule.cron", fmt::format("{} {}", rule.name, what),
              "for example: \"0 3 * * *\" at 03:00, \"*/5 9-17 * * mon-fri\" every five minutes of "
              "office hours");
}

std::optional<int> to_number(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || text.size() > 4 || !is_digit(text.front()) || error != std::errc() ||
      end != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

Result<int> parse_value(std::string_view text, const CronFieldRule& rule) {
  for (std::size_t i = 0; i < rule.names.size(); ++i) {
    if (equals_icase(text, rule.names[i])) return rule.min + static_cast<int>(i);
  }
  const auto number = to_number(text);
  if (!number) return wrong(rule, fmt::format("has {}, which is no number", in_quotes(text)));
  if (*number < rule.min || *number > rule.max) {
    return wrong(rule, fmt::format("must be {} to {}, is {}", rule.min, rule.max, *number));
  }
  return *number;
}

// "5", "9-17", "*", each with "/step".
Result<std::uint64_t> parse_item(std::string_view item, const CronFieldRule& rule) {
  const std::size_t slash = item.find('/');
  const std::string_view range = item.substr(0, slash);
  int step = 1;
  if (slash != std::string_view::npos) {
    const auto number = to_number(item.substr(slash + 1));
    if (!number || *number < 1 || *number > rule.max) {
      return wrong(rule, fmt::format("has the step {}, which must be 1 to {}",
                                     in_quotes(item.substr(slash + 1)), rule.max));
    }
    step = *number;
  }
  int first = rule.min;
  int last = rule.wraps ? rule.max - 1 : rule.max;
  if (range != "*") {
    const std::size_t dash = range.find('-');
    first = TRY(parse_value(range.substr(0, dash), rule));
    last = first;
    if (dash != std::string_view::npos) {
      last = TRY(parse_value(range.substr(dash + 1), rule));
      if (rule.wraps && last == rule.min && first > last) last = rule.max;  // "fri-sun"
      if (last < first) {
        return wrong(rule, fmt::format("has the range {}, which runs backwards", in_quotes(range)));
      }
    } else if (slash != std::string_view::npos) {
      return wrong(rule, fmt::format("has {}: a step needs a range or *", in_quotes(item)));
    }
  }
  std::uint64_t numbers = 0;
  for (int number = first; number <= last; number += step) {
    numbers |= std::uint64_t{1} << (rule.wraps && number == rule.max ? rule.min : number);
  }
  return numbers;
}

}  // namespace

const CronFieldRule kCronFieldRules[kCronFields] = {
    {"the minute", 0, 59, {}, false},
    {"the hour", 0, 23, {}, false},
    {"the day of the month", 1, 31, {}, false},
    {"the month", 1, 12, kMonths, false},
    {"the day of the week", 0, 7, kWeekdays, true},
};

Result<std::uint64_t> parse_cron_field(std::string_view text, const CronFieldRule& rule) {
  std::uint64_t numbers = 0;
  for (const std::string_view item : split(text, ',')) numbers |= TRY(parse_item(item, rule));
  return numbers;
}

std::uint64_t every(const CronFieldRule& rule) {
  std::uint64_t numbers = 0;
  const int last = rule.wraps ? rule.max - 1 : rule.max;
  for (int number = rule.min; number <= last; ++number) numbers |= std::uint64_t{1} << number;
  return numbers;
}

}  // namespace selvage::schedule::detail
