#include "base/clock.hpp"

#include <doctest/doctest.h>

#include <random>

namespace selvage {
namespace {

using namespace std::chrono_literals;

TEST_CASE("Timestamp: is written in RFC 3339 with milliseconds, in UTC") {
  CHECK(to_rfc3339(from_unix_ms(0)) == "1970-01-01T00:00:00.000Z");
  CHECK(to_rfc3339(from_unix_ms(1'795'232'600'125)) == "2026-11-21T03:43:20.125Z");
  CHECK(to_rfc3339(from_unix_ms(-1)) == "1969-12-31T23:59:59.999Z");
  CHECK(to_rfc3339(from_unix_ms(1'709'164'800'000)) == "2024-02-29T00:00:00.000Z");
}

TEST_CASE("Timestamp: reads every RFC 3339 spelling of one moment") {
  for (const char* text :
       {"2026-11-21T03:43:20.125Z", "2026-11-21t03:43:20.125z", "2026-11-21 03:43:20.125Z",
        "2026-11-21T04:43:20.125+01:00", "2026-11-20T21:13:20.125-06:30",
        "2026-11-21T03:43:20.125999Z", "2026-11-21T03:43:20.125-00:00"}) {
    CAPTURE(text);
    CHECK(to_unix_ms(parse_rfc3339(text).value()) == 1'795'232'600'125);
  }
  CHECK(to_unix_ms(parse_rfc3339("1970-01-01T00:00:01.5Z").value()) == 1'500);
  CHECK(parse_rfc3339("2016-12-31T23:59:60Z").value() ==
        parse_rfc3339("2017-01-01T00:00:00Z").value());
}

TEST_CASE("Timestamp: refuses what is no date, no time, or has no offset") {
  for (const char* bad :
       {"", "now", "2026-11-21", "2026-11-21T03:43:20", "2026-11-21T03:43Z",
        "2026-11-21T03:43:20.Z", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z",
        "2026-00-10T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T23:60:00Z",
        "2026-11-21T23:59:61Z", "2026-11-21T03:43:20Zx", "2026-11-21T03:43:20+1:00",
        "2026-11-21T03:43:20+24:00", "2026-11-21T03:43:20+0100", "+2026-11-21T03:43:20Z",
        "26-11-21T03:43:20Z"}) {
    CAPTURE(bad);
    const auto time = parse_rfc3339(bad);
    REQUIRE_FALSE(time.has_value());
    CHECK(time.error().code == "clock.timestamp");
  }
}

TEST_CASE("Timestamp: any moment of the years 0 to 9999 survives writing and reading") {
  const std::int64_t first = to_unix_ms(parse_rfc3339("0000-01-01T00:00:00Z").value());
  const std::int64_t last = to_unix_ms(parse_rfc3339("9999-12-31T23:59:59.999Z").value());
  std::mt19937_64 random(7);
  std::uniform_int_distribution<std::int64_t> any(first, last);
  for (int i = 0; i < 2'000; ++i) {
    const Timestamp time = from_unix_ms(any(random));
    CAPTURE(to_rfc3339(time));
    REQUIRE(parse_rfc3339(to_rfc3339(time)).value() == time);
  }
}

TEST_CASE("duration: reads units from days to milliseconds, and bare seconds") {
  CHECK(parse_duration("30s").value() == 30s);
  CHECK(parse_duration("250ms").value() == 250ms);
  CHECK(parse_duration("6h").value() == 6h);
  CHECK(parse_duration("1m30s").value() == 90s);
  CHECK(parse_duration("45").value() == 45s);
  CHECK(parse_duration("2d").value() == 48h);
  CHECK(parse_duration("1d2h3m4s5ms").value() == 26h + 3min + 4s + 5ms);
  CHECK(parse_duration("0").value() == 0s);
  CHECK(parse_duration("36500d").value() == 24h * 36'500);
}

TEST_CASE("duration: refuses signs, fractions, unknown units, wrong order and overflow") {
  for (const char* bad :
       {"", " ", "s", "-1s", "+1s", "1.5s", "1 s", "30s1m", "1s1s", "1m30", "5 minutes", "1S", "1w",
        "36501d", "9223372036854775807d", "99999999999999999999s"}) {
    CAPTURE(bad);
    const auto duration = parse_duration(bad);
    REQUIRE_FALSE(duration.has_value());
    CHECK(duration.error().code == "clock.duration");
  }
}

TEST_CASE("duration: is written as it can be read") {
  CHECK(to_string(0ms) == "0s");
  CHECK(to_string(90s) == "1m30s");
  CHECK(to_string(milliseconds(-1'500)) == "-1s500ms");
  std::mt19937_64 random(11);
  for (int i = 0; i < 2'000; ++i) {
    const milliseconds duration(static_cast<std::int64_t>(random() >> (24 + random() % 40)));
    CAPTURE(to_string(duration));
    REQUIRE(parse_duration(to_string(duration)).value() == duration);
  }
}

TEST_CASE("ScopedClock: stops the wall clock, moves it, and gives it back") {
  {
    ScopedClock clock(from_unix_ms(1'000));
    CHECK(to_unix_ms(now()) == 1'000);
    clock.advance(250ms);
    CHECK(to_unix_ms(now()) == 1'250);
  }
  CHECK(to_unix_ms(now()) > 1'700'000'000'000);
  CHECK(now() <= std::chrono::system_clock::now());
}

TEST_CASE("Deadline: passes after its time, and never() does not") {
  CHECK(Deadline::after(0ms).passed());
  CHECK(Deadline::after(0ms).left() == 0ms);
  CHECK_FALSE(Deadline::never().passed());
  CHECK(Deadline::never().left() > 24h * 36'500);
  const Deadline soon = Deadline::after(60s);
  CHECK_FALSE(soon.passed());
  CHECK(soon.left() > 50s);
  CHECK(soon.left() <= 60s);
  CHECK(soon.sooner(Deadline::never()).at == soon.at);
  CHECK(Deadline::never().sooner(soon).at == soon.at);
}

TEST_CASE("Deadline: a wait too long for the clock is never(), not one in the past") {
  CHECK_FALSE(Deadline::after(milliseconds::max()).passed());
}

TEST_CASE("Deadline: what is left is rounded up, so that waiting it out does pass the deadline") {
  const Deadline deadline{steady_now() + 20ms + 1us};
  const milliseconds left = deadline.left();  // first: the clock goes on while the rest is computed
  CHECK(steady_now() + left >= deadline.at);
}

}  // namespace
}  // namespace selvage
