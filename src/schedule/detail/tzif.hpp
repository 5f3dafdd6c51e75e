// TZif, the format of the files in /usr/share/zoneinfo (RFC 9636), version 2 and later.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "schedule/detail/posix_time_rule.hpp"

namespace selvage::schedule::detail {

struct OffsetChange {
  sys_seconds at;
  seconds offset;  // from then on
};

struct ZoneTable {
  seconds first{0};                   // before the first change
  std::vector<OffsetChange> changes;  // by time; neighbours differ
  std::optional<PosixTimeRule> rule;  // after the last change; none: the last offset stays
};

// nullopt: broken, version 1, or one of the "right/" files that count leap seconds.
[[nodiscard]] std::optional<ZoneTable> parse_tzif(std::string_view bytes);

}  // namespace selvage::schedule::detail
