#include "schedule/time_zone.hpp"

#include <doctest/doctest.h>

#include <random>

#include "schedule/detail/tzif.hpp"
#include "unit/schedule/glibc_zone.hpp"

namespace selvage::schedule {

namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;

TimeZone zone_of(std::string_view name) {
  auto zone = TimeZone::load(name);
  REQUIRE_MESSAGE(zone, zone.error().describe());
  return *zone;
}

}  // namespace

TEST_CASE("UTC has no changes and needs no files") {
  const TimeZone zone;
  CHECK(zone.name() == "UTC");
  const ZoneSpan span = zone.at(sys_days(2026y / 7 / 1));
  CHECK(span.offset == 0s);
  CHECK(span.begin == sys_seconds::min());
  CHECK(span.end == sys_seconds::max());
}

TEST_CASE("Berlin's clocks change at the last Sundays of March and October, also long after 2037") {
  if (!has_tzdata()) return;
  const TimeZone zone = zone_of("Europe/Berlin");
  for (const std::chrono::year year : {2026y, 2037y, 2038y, 2099y, 2400y}) {
    CAPTURE(static_cast<int>(year));
    const ZoneSpan summer = zone.at(sys_days(year / 7 / 1));
    CHECK(summer.offset == 2h);
    CHECK(summer.begin == sys_days(year / 3 / std::chrono::Sunday[std::chrono::last]) + 1h);
    CHECK(summer.end == sys_days(year / 10 / std::chrono::Sunday[std::chrono::last]) + 1h);
    CHECK(zone.at(summer.begin - 1s).offset == 1h);
    CHECK(zone.at(summer.end).offset == 1h);
    CHECK(zone.at(summer.begin - 1s).end == summer.begin);
  }
}

TEST_CASE("offsets are those of the C library, in zones of every odd kind, from 1950 to 2150") {
  if (!has_tzdata()) return;
  std::mt19937 random(20261121);
  for (const std::string name :
       {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu",
        "Africa/Casablanca", "America/Nuuk", "Pacific/Apia", "Asia/Tehran", "America/Sao_Paulo",
        "Antarctica/Troll", "Europe/Dublin", "Asia/Gaza", "Etc/GMT-14", "America/Santiago"}) {
    CAPTURE(name);
    const TimeZone zone = zone_of(name);
    const GlibcZone reference(name);
    std::uniform_int_distribution<std::int64_t> instants(
        sys_seconds(sys_days(1950y / 1 / 1)).time_since_epoch().count(),
        sys_seconds(sys_days(2150y / 1 / 1)).time_since_epoch().count());
    for (int i = 0; i < 3000; ++i) {
      const sys_seconds time(seconds(instants(random)));
      const ZoneSpan span = zone.at(time);
      REQUIRE(span.begin <= time);
      REQUIRE(time < span.end);
      REQUIRE(span.offset == GlibcZone::offset_at(time));
      // the very seconds of a change
      if (span.end == sys_seconds::max()) continue;
      REQUIRE(zone.at(span.end).begin == span.end);
      REQUIRE(zone.at(span.end).offset == GlibcZone::offset_at(span.end));
      REQUIRE(span.offset == GlibcZone::offset_at(span.end - 1s));
    }
  }
}

TEST_CASE("a name that is none, leads elsewhere or is not installed is refused with a hint") {
  for (const std::string_view name :
       {"", "Europe/Nowhere", "../../etc/passwd", "/etc/localtime", "Europe", "zone.tab",
        "posix/../x", "Europe/Berlin\n", "right/Europe/Berlin"}) {
    CAPTURE(name);
    const auto zone = TimeZone::load(name);
    REQUIRE(!zone);
    CHECK(zone.error().code == "schedule.timezone");
    CHECK(zone.error().hint.contains("IANA"));
  }
}

TEST_CASE("the rules of later years are read in all their forms") {
  using detail::parse_posix_time_rule;
  const auto berlin = parse_posix_time_rule("CET-1CEST,M3.5.0,M10.5.0/3");
  REQUIRE(berlin);
  CHECK(berlin->standard == 1h);
  REQUIRE(berlin->daylight);
  CHECK(berlin->daylight->offset == 2h);
  CHECK(berlin->daylight->begins.in(2026y) == sys_days(2026y / 3 / 29) + 2h);
  CHECK(berlin->daylight->ends.in(2026y) == sys_days(2026y / 10 / 25) + 3h);

  const auto nuuk = parse_posix_time_rule("<-02>2<-01>,M3.5.0/-1,M10.5.0/0");
  REQUIRE(nuuk);
  CHECK(nuuk->standard == -2h);
  CHECK(nuuk->daylight->begins.in(2026y) == sys_days(2026y / 3 / 28) + 23h);

  const auto permanent = parse_posix_time_rule("XXX3EDT4,0/0,J365/23");
  REQUIRE(permanent);
  CHECK(permanent->daylight->begins.in(2024y) == sys_days(2024y / 1 / 1));
  CHECK(permanent->daylight->ends.in(2024y) == sys_days(2024y / 12 / 31) + 23h);

  CHECK(parse_posix_time_rule("<+0330>-3:30")->standard == 3h + 30min);
  for (const std::string_view bad :
       {"", "CE-1", "CET", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-25", "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.5.0,M10.5.0/3x", "<+03-3", "CET-1CEST,M3.6.0,M10.5.0", "CET--1"}) {
    CAPTURE(bad);
    CHECK(!parse_posix_time_rule(bad));
  }
}

TEST_CASE("a broken zone file is refused, wherever it is broken") {
  if (!has_tzdata()) return;
  std::string bytes;
  {
    FILE* file = fopen("/usr/share/zoneinfo/Europe/Berlin", "rb");
    REQUIRE(file != nullptr);
    bytes.resize(8192);
    bytes.resize(fread(bytes.data(), 1, bytes.size(), file));
    fclose(file);
  }
  REQUIRE(detail::parse_tzif(bytes));
  for (std::size_t length = 0; length < bytes.size() - 1; length += 7) {
    CAPTURE(length);
    CHECK(!detail::parse_tzif(std::string_view(bytes).substr(0, length)));
  }
  std::mt19937 random(7);
  for (int i = 0; i < 20'000; ++i) {  // must not crash; the answer may be either
    std::string broken = bytes;
    for (int j = 0; j < 3; ++j) broken[random() % 200] = static_cast<char>(random());
    (void)detail::parse_tzif(broken);
  }
}

}  // namespace selvage::schedule
