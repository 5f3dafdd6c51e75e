// The C library's own reading of the same tzdata, as a second opinion.
#pragma once

#include <doctest/doctest.h>
#include <stdlib.h>
#include <time.h>

#include <chrono>
#include <filesystem>
#include <string>

namespace selvage::schedule {

class GlibcZone {
 public:
  explicit GlibcZone(const std::string& name) {
    setenv("TZ", (":" + name).c_str(), 1);
    tzset();
  }
  ~GlibcZone() {
    unsetenv("TZ");
    tzset();
  }
  GlibcZone(const GlibcZone&) = delete;
  GlibcZone& operator=(const GlibcZone&) = delete;

  [[nodiscard]] static std::chrono::seconds offset_at(std::chrono::sys_seconds time) {
    const time_t instant = time.time_since_epoch().count();
    tm local{};
    if (localtime_r(&instant, &local) == nullptr) FAIL(instant);
    return std::chrono::seconds(local.tm_gmtoff);
  }
};

// Tests of zones need the system's tzdata; without it they say so and end.
inline bool has_tzdata() {
  const bool has = std::filesystem::exists("/usr/share/zoneinfo/Europe/Berlin");
  if (!has) MESSAGE("SKIPPED: this system has no tzdata");
  return has;
}

}  // namespace selvage::schedule
