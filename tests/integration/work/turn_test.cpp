// The arithmetic of limits, in the table `rate_limits`.
#include "work/detail/turn.hpp"

#include <random>
#include <thread>

#include "integration/work/queue_fixture.hpp"

namespace selvage::work {

namespace {

struct Call {
  milliseconds at;
  std::int64_t cost;
};

// The most that started within any half-open minute.
std::int64_t busiest_minute(std::vector<Call> calls) {
  std::ranges::sort(calls, {}, &Call::at);
  std::int64_t most = 0;
  std::int64_t sum = 0;
  std::size_t first = 0;
  for (const Call& call : calls) {
    sum += call.cost;
    while (call.at - calls[first].at >= std::chrono::minutes(1)) sum -= calls[first++].cost;
    most = std::max(most, sum);
  }
  return most;
}

Turn take(data::Database& database, std::int64_t per_minute, std::int64_t cost,
          milliseconds at_most = kTurnHorizon) {
  return value(database.write_blocking([&](data::Transaction& tx) {
    return take_turn(tx, "provider", per_minute, cost, now(), at_most);
  }));
}

// Two thousand calls that start as soon as they may, some of them later by anything up to the
// slack; a tenth cost up to `max_cost`. Idle times in between must not earn a burst.
std::vector<Call> greedy_calls(std::int64_t per_minute, std::int64_t max_cost,
                               std::mt19937& random) {
  const auto pick = [&](std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution(low, high)(random);
  };
  testing::TestDatabase place;
  const auto database = open_database(place);
  ScopedClock clock(from_unix_ms(1'700'000'000'000));
  const Timestamp begin = now();
  std::vector<Call> calls;
  // all in one transaction, for the sake of the disk: only the arithmetic is looked at
  value(database->write_blocking([&](data::Transaction& tx) -> Result<void> {
    while (calls.size() < 2000) {
      const std::int64_t cost = pick(0, 9) == 0 ? pick(1, max_cost) : 1;
      Turn turn = TRY(take_turn(tx, "provider", per_minute, cost, now(), kTurnHorizon));
      while (!turn.taken) {
        clock.advance(turn.wait - kTurnHorizon / 2);
        turn = TRY(take_turn(tx, "provider", per_minute, cost, now(), kTurnHorizon));
      }
      const milliseconds late(pick(0, kTurnSlack.count()));
      calls.push_back({now() - begin + turn.wait + late, cost});
      if (pick(0, 199) == 0) clock.advance(seconds(90));
    }
    return {};
  }));
  return calls;
}

}  // namespace

TEST_CASE("Turns: two thousand greedy calls never exceed the limit in any sliding minute") {
  std::mt19937 random(7);
  // calls of one unit can use nearly the whole limit; large ones need more room around them
  const std::int64_t most_of_equals = busiest_minute(greedy_calls(300, 1, random));
  CHECK(most_of_equals <= 300);
  CHECK(most_of_equals >= 290);
  CHECK(busiest_minute(greedy_calls(300, 50, random)) <= 300);
  CHECK(busiest_minute(greedy_calls(7, 7, random)) <= 7);
}

TEST_CASE("Turns: two processes share one limit") {
  constexpr std::int64_t kPerMinute = 30'000;
  testing::TestDatabase place;
  std::vector<Timestamp> starts[2];
  {
    std::vector<std::jthread> processes;
    for (auto& mine : starts) {
      const auto database = std::shared_ptr(open_database(place));
      processes.emplace_back([database, &mine] {
        for (int i = 0; i < 40; ++i) {
          const auto start =
              database->write_blocking([&](data::Transaction& tx) -> Result<Timestamp> {
                const Timestamp time = now();
                const Turn turn = TRY(take_turn(tx, "provider", kPerMinute, 1, time, seconds(1)));
                return time + turn.wait;
              });
          if (start) mine.push_back(*start);
        }
      });
    }
  }
  CHECK(starts[0].size() + starts[1].size() == 80);
  std::vector<Timestamp> all(starts[0]);
  all.insert(all.end(), starts[1].begin(), starts[1].end());
  std::ranges::sort(all);
  for (std::size_t i = 10; i < all.size(); ++i) {
    // ten intervals of 2.0 ms, as rounded to milliseconds
    CHECK(all[i] - all[i - 10] >= milliseconds(19));
  }
}

TEST_CASE("Turns: a turn is not reserved far ahead, and one that is not taken uses nothing up") {
  testing::TestDatabase place;
  const auto database = open_database(place);
  ScopedClock clock(from_unix_ms(1'700'000'000'000));
  CHECK(take(*database, 6, 1).wait == milliseconds(0));
  const Turn later = take(*database, 6, 1);
  CHECK_FALSE(later.taken);
  CHECK(later.wait == milliseconds(10'084));  // (60 s + slack) / 6, rounded up
  CHECK(take(*database, 6, 1).wait == later.wait);
  CHECK(take(*database, 6, 3).wait > 3 * later.wait - milliseconds(3));
  clock.advance(later.wait - milliseconds(100));
  CHECK_FALSE(take(*database, 6, 1, milliseconds(50)).taken);
  CHECK(take(*database, 6, 1, milliseconds(100)).taken);
}

TEST_CASE("Turns: a clock that was set back costs a minute, not the difference") {
  testing::TestDatabase place;
  const auto database = open_database(place);
  {
    ScopedClock clock(from_unix_ms(1'700'000'000'000));
    CHECK(take(*database, 6, 1).taken);
  }
  ScopedClock clock(from_unix_ms(1'600'000'000'000));
  const Turn turn = take(*database, 6, 1);
  CHECK_FALSE(turn.taken);
  CHECK(turn.wait == std::chrono::minutes(1) + kTurnSlack);
}

}  // namespace selvage::work
