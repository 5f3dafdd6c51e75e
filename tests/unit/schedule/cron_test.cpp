#include "schedule/cron.hpp"

#include <doctest/doctest.h>

#include "base/clock.hpp"
#include "unit/schedule/glibc_zone.hpp"

namespace selvage::schedule {

namespace {

Cron cron_of(std::string_view text) {
  auto cron = Cron::parse(text);
  REQUIRE_MESSAGE(cron, cron.error().describe());
  return *cron;
}

sys_seconds at(std::string_view text) {
  const auto time = parse_rfc3339(text);
  REQUIRE(time);
  return std::chrono::floor<seconds>(*time);
}

std::string text_of(sys_seconds time) {
  return to_rfc3339(std::chrono::time_point_cast<milliseconds>(time)).substr(0, 16);
}

// The next `count` times after `after`.
std::vector<std::string> next(std::string_view cron, std::string_view after, int count,
                              std::string_view zone = "UTC") {
  const auto place = TimeZone::load(zone);
  REQUIRE_MESSAGE(place, place.error().describe());
  std::vector<std::string> times;
  sys_seconds time = at(after);
  for (int i = 0; i < count; ++i) {
    const auto found = cron_of(cron).next_after(time, *place);
    REQUIRE(found);
    time = *found;
    times.push_back(text_of(time));
  }
  return times;
}

using Times = std::vector<std::string>;

}  // namespace

TEST_CASE("the next time is strictly later, and on a whole minute") {
  CHECK(next("* * * * *", "2026-11-21T03:43:20Z", 2) ==
        Times{"2026-11-21T03:44", "2026-11-21T03:45"});
  CHECK(next("43 3 * * *", "2026-11-21T03:43:00Z", 1) == Times{"2026-11-22T03:43"});
  CHECK(next("43 3 * * *", "2026-11-21T03:42:59Z", 1) == Times{"2026-11-21T03:43"});
}

TEST_CASE("lists, ranges, steps and names mean what crontab(5) says") {
  CHECK(next("*/20 * * * *", "2026-11-21T03:43:20Z", 3) ==
        Times{"2026-11-21T04:00", "2026-11-21T04:20", "2026-11-21T04:40"});
  CHECK(next("5,35 9-17/4 * * *", "2026-11-21T09:35:00Z", 3) ==
        Times{"2026-11-21T13:05", "2026-11-21T13:35", "2026-11-21T17:05"});
  CHECK(next("0 3 * * mon-FRI", "2026-11-20T12:00:00Z", 2) ==  // a Friday
        Times{"2026-11-23T03:00", "2026-11-24T03:00"});
  CHECK(next("0 0 1 jan,Jul *", "2026-11-21T00:00:00Z", 2) ==
        Times{"2027-01-01T00:00", "2027-07-01T00:00"});
  for (const std::string_view sunday : {"0 3 * * 0", "0 3 * * 7", "0 3 * * sun"}) {
    CHECK(next(sunday, "2026-11-21T00:00:00Z", 2) == Times{"2026-11-22T03:00", "2026-11-29T03:00"});
  }
  CHECK(next("0 3 * * fri-sun", "2026-11-20T12:00:00Z", 3) ==
        Times{"2026-11-21T03:00", "2026-11-22T03:00", "2026-11-27T03:00"});
  CHECK(next("0 3 * * 5-7", "2026-11-20T12:00:00Z", 3) ==
        Times{"2026-11-21T03:00", "2026-11-22T03:00", "2026-11-27T03:00"});
  CHECK(next("\t0  3 * * *  ", "2026-11-20T12:00:00Z", 1) == Times{"2026-11-21T03:00"});
}

TEST_CASE("two restricted days: either suffices; one: it alone counts") {
  CHECK(next("0 0 13 * fri", "2026-11-01T00:00:00Z", 4) ==
        Times{"2026-11-06T00:00", "2026-11-13T00:00", "2026-11-20T00:00", "2026-11-27T00:00"});
  CHECK(next("0 0 13 * *", "2026-11-01T00:00:00Z", 2) ==
        Times{"2026-11-13T00:00", "2026-12-13T00:00"});
  CHECK(next("0 0 1-31 * fri", "2026-11-01T00:00:00Z", 2) ==
        Times{"2026-11-06T00:00", "2026-11-13T00:00"});
}

TEST_CASE("nicknames") {
  CHECK(next("@hourly", "2026-11-21T03:43:20Z", 1) == Times{"2026-11-21T04:00"});
  CHECK(next("@daily", "2026-11-21T03:43:20Z", 1) == Times{"2026-11-22T00:00"});
  CHECK(next("@midnight", "2026-11-21T03:43:20Z", 1) == Times{"2026-11-22T00:00"});
  CHECK(next("@weekly", "2026-11-21T03:43:20Z", 1) == Times{"2026-11-22T00:00"});
  CHECK(next("@monthly", "2026-11-21T03:43:20Z", 1) == Times{"2026-12-01T00:00"});
  CHECK(next("@yearly", "2026-11-21T03:43:20Z", 1) == Times{"2027-01-01T00:00"});
  CHECK(next(" @Annually ", "2026-11-21T03:43:20Z", 1) == Times{"2027-01-01T00:00"});
}

TEST_CASE("leap days, over the eight years without one as well") {
  CHECK(next("0 12 29 2 *", "2026-01-01T00:00:00Z", 2) ==
        Times{"2028-02-29T12:00", "2032-02-29T12:00"});
  CHECK(next("0 12 29 2 *", "2097-01-01T00:00:00Z", 1) == Times{"2104-02-29T12:00"});
}

TEST_CASE("a line that is wrong names the field and what it may be") {
  const std::pair<std::string_view, std::string_view> wrong[] = {
      {"", "0 fields"},
      {"* * * *", "4 fields"},
      {"0 * * * * *", "6 fields"},
      {"60 * * * *", "the minute must be 0 to 59, is 60"},
      {"* 24 * * *", "the hour must be 0 to 23, is 24"},
      {"* * 0 * *", "the day of the month must be 1 to 31, is 0"},
      {"* * * 13 *", "the month must be 1 to 12, is 13"},
      {"* * * * 8", "the day of the week must be 0 to 7, is 8"},
      {"* * * * foo", "\"foo\", which is no number"},
      {"-5 * * * *", "no number"},
      {"1,,2 * * * *", "no number"},
      {"*/0 * * * *", "step \"0\""},
      {"*/x * * * *", "step \"x\""},
      {"5/10 * * * *", "a step needs a range"},
      {"30-10 * * * *", "runs backwards"},
      {"* * * * fri-mon", "runs backwards"},
      {"99999999999 * * * *", "no number"},
      {"* * L * *", "no number"},
      {"0 0 30 2 *", "never comes"},
      {"0 0 31 4,6,9,11 *", "never comes"},
      {"@reboot", "there is no \"@reboot\""},
  };
  for (const auto& [text, why] : wrong) {
    CAPTURE(text);
    const auto cron = Cron::parse(text);
    REQUIRE(!cron);
    CHECK(cron.error().code == "schedule.cron");
    CHECK_MESSAGE(cron.error().message.contains(why), cron.error().message);
  }
  CHECK(Cron::parse("0 0 31 2,3 *"));  // comes in March
  CHECK(Cron::parse("0 0 30 2 mon"));  // comes on Mondays
}

TEST_CASE("spring forward: fixed times in the gap fire once, at its end; hourly ones follow time") {
  if (!has_tzdata()) return;
  // 2026-03-29, 02:00 becomes 03:00 in Berlin; 01:00 UTC
  CHECK(next("30 2 * * *", "2026-03-28T00:00:00Z", 3, "Europe/Berlin") ==
        Times{"2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30"});
  CHECK(next("*/20 2 * * *", "2026-03-28T12:00:00Z", 2, "Europe/Berlin") ==
        Times{"2026-03-29T01:00", "2026-03-30T00:00"});
  CHECK(next("0 2,3 * * *", "2026-03-28T12:00:00Z", 2, "Europe/Berlin") ==
        Times{"2026-03-29T01:00", "2026-03-30T00:00"});
  CHECK(next("30 * * * *", "2026-03-28T23:45:00Z", 3, "Europe/Berlin") ==
        Times{"2026-03-29T00:30", "2026-03-29T01:30", "2026-03-29T02:30"});
}

TEST_CASE("fall back: fixed times fire once, at their first occurrence; hourly ones follow time") {
  if (!has_tzdata()) return;
  // 2026-10-25, 03:00 becomes 02:00 in Berlin; 01:00 UTC
  CHECK(next("30 2 * * *", "2026-10-24T12:00:00Z", 2, "Europe/Berlin") ==
        Times{"2026-10-25T00:30", "2026-10-26T01:30"});
  CHECK(next("0 3 * * *", "2026-10-24T12:00:00Z", 2, "Europe/Berlin") ==
        Times{"2026-10-25T02:00", "2026-10-26T02:00"});
  CHECK(next("30 * * * *", "2026-10-24T23:45:00Z", 4, "Europe/Berlin") ==
        Times{"2026-10-25T00:30", "2026-10-25T01:30", "2026-10-25T02:30", "2026-10-25T03:30"});
  // asked in the middle of the repeated hour
  CHECK(next("30 2 * * *", "2026-10-25T01:10:00Z", 1, "Europe/Berlin") ==
        Times{"2026-10-26T01:30"});
}

TEST_CASE("a day that a place skipped fires at the start of the next one") {
  if (!has_tzdata()) return;
  // Samoa went from 2011-12-29 to 2011-12-31, at 10:00 UTC
  CHECK(next("0 9 * * *", "2011-12-29T20:00:00Z", 2, "Pacific/Apia") ==
        Times{"2011-12-30T10:00", "2011-12-30T19:00"});
}

TEST_CASE("times end with the calendar instead of running for ever") {
  CHECK(!cron_of("0 0 1 1 *").next_after(at("9999-01-01T00:00:00Z"), TimeZone()));
}

}  // namespace selvage::schedule
