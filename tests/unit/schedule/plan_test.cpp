#include "schedule/plan.hpp"

#include <doctest/doctest.h>

#include <random>
#include <vector>

namespace selvage::schedule {

namespace {

using namespace std::chrono_literals;

const Timestamp kStart = *parse_rfc3339("2026-11-21T00:00:00Z");

Entry entry_every(std::string_view interval, CatchUp catch_up) {
  Entry entry{.name = "tick", .every = std::string(interval), .catch_up = catch_up};
  entry.timing = *Timing::every(interval);
  return entry;
}

// Plans again and again until nothing is due: what fired, and the next time.
struct Fired {
  std::vector<Timestamp> times;
  Timestamp next;
  std::int64_t skipped = 0;
};
Fired run(const Entry& entry, Timestamp next, Timestamp now, milliseconds on_time = 60s) {
  Fired fired{.next = next};
  while (due_at(entry, fired.next) <= now) {
    const Plan plan = make_plan(entry, fired.next, now, on_time);
    REQUIRE(plan.next);
    REQUIRE(*plan.next > fired.next);
    if (plan.fire) fired.times.push_back(*plan.fire);
    fired.skipped += plan.skipped;
    fired.next = *plan.next;
  }
  return fired;
}

}  // namespace

TEST_CASE("nothing happens before its time") {
  const Entry entry = entry_every("10s", CatchUp::all);
  const Plan plan = make_plan(entry, kStart + 10s, kStart + 9'999ms, 60s);
  CHECK(!plan.fire);
  CHECK(plan.next == kStart + 10s);
  CHECK(plan.skipped == 0);
}

TEST_CASE(
    "times that are a little late all fire, whatever the policy: a leader's fall loses none") {
  for (const CatchUp policy : {CatchUp::skip, CatchUp::once, CatchUp::all}) {
    const Fired fired = run(entry_every("10s", policy), kStart, kStart + 60s);
    CHECK(fired.times.size() == 7);
    CHECK(fired.skipped == 0);
    CHECK(fired.next == kStart + 70s);
  }
}

TEST_CASE("skip: what is later than that is gone") {
  const Fired fired = run(entry_every("1h", CatchUp::skip), kStart, kStart + 5h + 30min);
  CHECK(fired.times.empty());
  CHECK(fired.skipped == 6);
  CHECK(fired.next == kStart + 6h);
}

TEST_CASE("once: the latest that was missed fires, unless a newer one is due anyway") {
  const Fired morning = run(entry_every("1h", CatchUp::once), kStart, kStart + 5h + 30min);
  CHECK(morning.times == std::vector{kStart + 5h});
  CHECK(morning.skipped == 5);
  CHECK(morning.next == kStart + 6h);
  const Fired on_the_hour = run(entry_every("1h", CatchUp::once), kStart, kStart + 5h + 30s);
  CHECK(on_the_hour.times == std::vector{kStart + 5h});
  CHECK(on_the_hour.skipped == 5);
}

TEST_CASE(
    "all: every missed time fires, oldest first, the latest of them when there are too many") {
  Entry entry = entry_every("1h", CatchUp::all);
  CHECK(run(entry, kStart, kStart + 5h + 30min).times ==
        std::vector{kStart, kStart + 1h, kStart + 2h, kStart + 3h, kStart + 4h, kStart + 5h});
  entry.catch_up_max = 2;
  const Fired fired = run(entry, kStart, kStart + 5h + 30min);
  CHECK(fired.times == std::vector{kStart + 4h, kStart + 5h});
  CHECK(fired.skipped == 4);
}

TEST_CASE("a fire that would have expired is passed over") {
  Entry entry = entry_every("1h", CatchUp::once);
  entry.expires = milliseconds(10min);
  CHECK(make_plan(entry, kStart, kStart + 11min, 60s).expired);
  CHECK(!make_plan(entry, kStart, kStart + 9min, 60s).expired);
}

TEST_CASE("jitter delays by an amount that depends on name and time alone") {
  Entry entry = entry_every("1h", CatchUp::skip);
  entry.jitter = milliseconds(10min);
  bool differ = false;
  for (int i = 0; i < 100; ++i) {
    const Timestamp time = kStart + i * 1h;
    CHECK(due_at(entry, time) == due_at(entry, time));
    CHECK(due_at(entry, time) >= time);
    CHECK(due_at(entry, time) <= time + 10min);
    differ = differ || due_at(entry, time) - time != due_at(entry, kStart) - kStart;
  }
  CHECK(differ);
  // within its jitter a time is not late
  CHECK(make_plan(entry, kStart, due_at(entry, kStart) + 59s, 60s).fire == kStart);
}

TEST_CASE("ids name the entry and the second") {
  CHECK(task_id("nightly", kStart + 3h) == "nightly@2026-11-21T03:00:00Z");
}

TEST_CASE("random outages: each time fires once or is given up by the rule, in order") {
  std::mt19937 random(20261121);
  const auto pick = [&](std::int64_t from, std::int64_t to) {
    return std::uniform_int_distribution(from, to)(random);
  };
  for (int i = 0; i < 3000; ++i) {
    Entry entry = entry_every(pick(0, 1) == 0 ? "10s" : "3m", static_cast<CatchUp>(pick(0, 2)));
    entry.catch_up_max = pick(1, 40);
    if (pick(0, 2) == 0) entry.jitter = milliseconds(pick(1, 9000));
    const milliseconds on_time = seconds(pick(1, 120));
    const Timestamp now = kStart + milliseconds(pick(0, pick(0, 1) == 0 ? 100'000 : 4'000'000));
    const Fired fired = run(entry, kStart, now, on_time);

    std::vector<Timestamp> late;
    std::vector<Timestamp> expected;
    std::int64_t passed = 0;
    for (Timestamp time = kStart; due_at(entry, time) <= now; time += entry.timing.interval()) {
      (time < now - on_time - entry.jitter ? late : expected).push_back(time);
      ++passed;
    }
    if (entry.catch_up == CatchUp::once && expected.empty() && !late.empty()) {
      expected = {late.back()};
    }
    if (entry.catch_up == CatchUp::all) {
      const auto kept = std::min<std::size_t>(late.size(), entry.catch_up_max);
      expected.insert(expected.begin(), late.end() - static_cast<std::ptrdiff_t>(kept), late.end());
    }
    REQUIRE(fired.times == expected);
    REQUIRE(fired.skipped == passed - static_cast<std::int64_t>(expected.size()));
    REQUIRE(due_at(entry, fired.next) > now);
  }
}

}  // namespace selvage::schedule
