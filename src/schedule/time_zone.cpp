#include "schedule/time_zone.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/text.hpp"
#include "schedule/detail/tzif.hpp"

namespace selvage::schedule {

namespace {

constexpr std::string_view kDirectory = "/usr/share/zoneinfo/";
constexpr std::size_t kMaxName = 64;
constexpr std::size_t kMaxFile = 256 * 1024;

// Nothing that could lead out of the directory, and none of the files beside the zones
// ("tzdata.zi", "zone.tab").
bool is_name(std::string_view name) {
  const auto allowed = [](char c) {
    return is_digit(c) || (to_lower_ascii(c) >= 'a' && to_lower_ascii(c) <= 'z') || c == '/' ||
           c == '_' || c == '+' || c == '-';
  };
  return !name.empty() && name.size() <= kMaxName && name.front() != '/' &&
         std::ranges::all_of(name, allowed);
}

std::string read_file(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return {};
  if (std::filesystem::file_size(path, error) > kMaxFile || error) return {};
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

ZoneSpan span_of_rule(const detail::PosixTimeRule& rule, sys_seconds time) {
  ZoneSpan span{sys_seconds::min(), sys_seconds::max(), rule.standard};
  if (!rule.daylight) return span;
  const auto& daylight = *rule.daylight;
  const auto date = std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(time));
  for (int i = -1; i <= 1; ++i) {
    const std::chrono::year year = date.year() + std::chrono::years(i);
    const detail::OffsetChange changes[] = {
        {daylight.begins.in(year)-rule.standard, daylight.offset},
        {daylight.ends.in(year)-daylight.offset, rule.standard}};
    for (const auto& [at, offset] : changes) {
      if (at > time) {
        span.end = std::min(span.end, at);
      } else if (at >= span.begin) {  // of two at once (daylight time for ever) the later counts
        span.begin = at;
        span.offset = offset;
      }
    }
  }
  return span;
}

}  // namespace

struct TimeZone::Table : detail::ZoneTable {};

Result<TimeZone> TimeZone::load(std::string_view name) {
  if (name == "UTC") return TimeZone();
  const auto wrong = [&](std::string_view why) {
    return fail(ErrorKind::invalid, "schedule.timezone", fmt::format("{} {}", in_quotes(name), why),
                "use an IANA name such as Europe/Berlin or UTC; the zones come from the package "
                "tzdata");
  };
  if (!is_name(name)) return wrong("is not the name of a time zone");
  const std::string bytes = read_file(std::string(kDirectory).append(name));
  if (bytes.empty()) return wrong("is not a time zone of this system");
  auto table = detail::parse_tzif(bytes);
  if (!table) return wrong("is not a time zone file that can be read");
  TimeZone zone;
  zone.name_ = name;
  zone.table_ = std::make_shared<const Table>(Table{std::move(*table)});
  return zone;
}

ZoneSpan TimeZone::at(sys_seconds time) const {
  if (!table_) return {sys_seconds::min(), sys_seconds::max(), seconds(0)};
  const auto& changes = table_->changes;
  const auto next = std::ranges::upper_bound(changes, time, std::less{}, &detail::OffsetChange::at);
  const sys_seconds begin = next == changes.begin() ? sys_seconds::min() : std::prev(next)->at;
  if (next == changes.end() && table_->rule) {
    ZoneSpan span = span_of_rule(*table_->rule, time);
    span.begin = std::max(span.begin, begin);
    return span;
  }
  return {begin, next == changes.end() ? sys_seconds::max() : next->at,
          next == changes.begin() ? table_->first : std::prev(next)->offset};
}

}  // namespace selvage::schedule
