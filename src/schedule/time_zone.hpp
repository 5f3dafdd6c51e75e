// TimeZone: how far the clocks of a place are from UTC, and when that changes, from the system's
// tzdata (TZif files, and the rule at their end for all later years). A value; copies share the
// table. Any thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace selvage::schedule {

using std::chrono::local_seconds;
using std::chrono::seconds;
using std::chrono::sys_seconds;

// A stretch of time in which local time is UTC + offset throughout.
struct ZoneSpan {
  sys_seconds begin;  // sys_seconds::min(): since ever
  sys_seconds end;    // the first second after it; sys_seconds::max(): for ever
  seconds offset{0};
};

class TimeZone {
 public:
  TimeZone() = default;  // UTC
  // An IANA name, "Europe/Berlin"; "UTC" needs no tzdata. Errors: schedule.timezone (invalid) for a
  // name that is none or is not installed, or a broken file.
  [[nodiscard]] static Result<TimeZone> load(std::string_view name);

  // The span that holds `time`. Two spans that touch may have the same offset.
  [[nodiscard]] ZoneSpan at(sys_seconds time) const;
  [[nodiscard]] local_seconds to_local(sys_seconds time) const {
    return local_seconds(time.time_since_epoch() + at(time).offset);
  }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  struct Table;

  std::string name_ = "UTC";
  std::shared_ptr<const Table> table_;  // shared by copies, never changed; none: UTC
};

}  // namespace selvage::schedule
