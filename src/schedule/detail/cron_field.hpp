// One field of a crontab line, as a set of numbers.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/error.hpp"

namespace selvage::schedule::detail {

struct CronFieldRule {
  std::string_view name;  // "the hour"
  int min = 0;
  int max = 59;
  std::span<const std::string_view> names;  // of the numbers from `min` on
  bool wraps = false;                       // `max` means `min` again: Sunday is 0 and 7
};

inline constexpr std::size_t kCronFields = 5;
extern const CronFieldRule kCronFieldRules[kCronFields];

// Bit i is number i. Errors: schedule.cron.
[[nodiscard]] Result<std::uint64_t> parse_cron_field(std::string_view text,
                                                     const CronFieldRule& rule);
// All numbers of a field.
[[nodiscard]] std::uint64_t every(const CronFieldRule& rule);

}  // namespace selvage::schedule::detail
