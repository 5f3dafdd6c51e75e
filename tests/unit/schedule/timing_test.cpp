#include "schedule/timing.hpp"

#include <doctest/doctest.h>

#include <random>

namespace selvage::schedule {

namespace {

using namespace std::chrono_literals;

Timing every(std::string_view text) {
  auto timing = Timing::every(text);
  REQUIRE_MESSAGE(timing, timing.error().describe());
  return *timing;
}

Timing crontab(std::string_view line) {
  auto timing = Timing::cron(line, "UTC");
  REQUIRE_MESSAGE(timing, timing.error().describe());
  return *timing;
}

Timestamp at(std::string_view text) { return *parse_rfc3339(text); }

}  // namespace

TEST_CASE("an interval fires at its whole multiples, the same on every machine") {
  CHECK(*every("30s").next_after(at("2026-11-21T03:43:20Z")) == at("2026-11-21T03:43:30Z"));
  CHECK(*every("30s").next_after(at("2026-11-21T03:43:30Z")) == at("2026-11-21T03:44:00Z"));
  CHECK(*every("30s").next_from(at("2026-11-21T03:43:30Z")) == at("2026-11-21T03:43:30Z"));
  CHECK(*every("1d").next_after(at("2026-11-21T03:43:30Z")) == at("2026-11-22T00:00:00Z"));
  CHECK(*every("1h30m").next_after(at("1970-01-01T00:00:00.001Z")) == at("1970-01-01T01:30:00Z"));
  CHECK(*every("7s").next_after(at("1969-12-31T23:59:59Z")) == at("1970-01-01T00:00:00Z"));
}

TEST_CASE("a time within a second is after its second") {
  CHECK(*crontab("* * * * *").next_after(at("2026-11-21T03:43:59.999Z")) ==
        at("2026-11-21T03:44:00Z"));
  CHECK(*crontab("* * * * *").next_after(at("2026-11-21T03:44:00.001Z")) ==
        at("2026-11-21T03:45:00Z"));
  CHECK(*crontab("* * * * *").next_from(at("2026-11-21T03:44:00Z")) == at("2026-11-21T03:44:00Z"));
}

TEST_CASE("intervals that are none are refused") {
  for (const std::string_view text : {"", "0s", "500ms", "1500ms", "367d", "-5s", "soon"}) {
    CAPTURE(text);
    const auto timing = Timing::every(text);
    REQUIRE(!timing);
    CHECK(timing.error().code == "schedule.every");
  }
}

TEST_CASE("counting and looking back agree with a walk") {
  std::mt19937 random(20261121);
  const auto pick = [&](int from, int to) {
    return std::uniform_int_distribution(from, to)(random);
  };
  const Timing timings[] = {every("1s"),          every("7s"),
                            every("10m"),         crontab("*/7 * * * *"),
                            crontab("0 3 * * *"), crontab("*/5 3,4 * * 1")};
  for (int i = 0; i < 3000; ++i) {
    const Timing& timing = timings[pick(0, 5)];
    const Timestamp from = at("2026-11-21T00:00:00Z") + milliseconds(pick(0, 1'000'000'000));
    const Timestamp to = from + milliseconds(pick(-1000, 1 << pick(0, 22)));
    std::vector<Timestamp> walk;
    for (auto time = timing.next_from(from); *time < to; time = timing.next_after(*time)) {
      walk.push_back(*time);
    }
    const auto most = pick(1, 5000);
    REQUIRE(timing.count(from, to, most) == std::min<std::int64_t>(walk.size(), most));
    const auto n = static_cast<std::size_t>(pick(1, 50));
    const auto found = timing.first_of_last(static_cast<std::int64_t>(n), from, to);
    REQUIRE(found.has_value() == !walk.empty());
    if (found) REQUIRE(*found == walk[walk.size() - std::min(n, walk.size())]);
  }
}

TEST_CASE("a year of a one-second entry is looked back on at once") {
  const Timestamp now = at("2026-11-21T00:00:00Z");
  CHECK(*every("1s").first_of_last(100, now - 365 * 24h, now) == now - 100s);
  CHECK(every("1s").count(now - 365 * 24h, now, INT64_MAX) == 365 * 24 * 3600);
}

}  // namespace selvage::schedule
