#include "work/call_limiter.hpp"

#include <random>
#include <thread>

#include "base/task_group.hpp"
#include "integration/work/queue_fixture.hpp"
#include "work/detail/turn.hpp"

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
  ScratchDirectory directory;
  const auto database = open_database(directory.path() / "limit.db");
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

milliseconds elapsed(SteadyTime since) {
  return std::chrono::duration_cast<milliseconds>(steady_now() - since);
}

}  // namespace

TEST_CASE("CallLimiter: two thousand greedy calls never exceed the limit in any sliding minute") {
  std::mt19937 random(7);
  // calls of one unit can use nearly the whole limit; large ones need more room around them
  const std::int64_t most_of_equals = busiest_minute(greedy_calls(300, 1, random));
  CHECK(most_of_equals <= 300);
  CHECK(most_of_equals >= 290);
  CHECK(busiest_minute(greedy_calls(300, 50, random)) <= 300);
  CHECK(busiest_minute(greedy_calls(7, 7, random)) <= 7);
}

TEST_CASE("CallLimiter: two processes share one limit") {
  constexpr std::int64_t kPerMinute = 30'000;
  ScratchDirectory directory;
  std::vector<Timestamp> starts[2];
  {
    std::vector<std::jthread> processes;
    for (auto& mine : starts) {
      const auto database = std::shared_ptr(open_database(directory.path() / "limit.db"));
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

TEST_CASE(
    "CallLimiter: a turn is not reserved far ahead, and one that is not taken uses nothing up") {
  ScratchDirectory directory;
  const auto database = open_database(directory.path() / "limit.db");
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

TEST_CASE("CallLimiter: a clock that was set back costs a minute, not the difference") {
  ScratchDirectory directory;
  const auto database = open_database(directory.path() / "limit.db");
  {
    ScopedClock clock(from_unix_ms(1'700'000'000'000));
    CHECK(take(*database, 6, 1).taken);
  }
  ScopedClock clock(from_unix_ms(1'600'000'000'000));
  const Turn turn = take(*database, 6, 1);
  CHECK_FALSE(turn.taken);
  CHECK(turn.wait == std::chrono::minutes(1) + kTurnSlack);
}

TEST_CASE("CallLimiter: turns come one interval apart, in the order they were asked for") {
  ScratchDirectory directory;
  const auto database = open_database(directory.path() / "limit.db");
  CallLimiter limiter(*database, "provider", 1200);  // one each 50.4 ms
  struct Caller {
    static Task<void> call(CallLimiter& limit, int number, std::vector<int>& order) {
      value(co_await limit.acquire(1, Deadline::never(), {}));
      order.push_back(number);
    }
    static Task<void> all(CallLimiter& limit, std::vector<int>& order) {
      TaskGroup group;
      for (int i = 0; i < 8; ++i) group.spawn(call(limit, i, order), "call");
      co_await group.join();
    }
  };
  std::vector<int> order;
  const SteadyTime begin = steady_now();
  await(Caller::all(limiter, order));
  CHECK(elapsed(begin) >= milliseconds(350));
  CHECK(order == std::vector{0, 1, 2, 3, 4, 5, 6, 7});
}

TEST_CASE("CallLimiter: a turn after the deadline is refused at once and uses nothing up") {
  ScratchDirectory directory;
  const auto database = open_database(directory.path() / "limit.db");
  CallLimiter limiter(*database, "provider", 2);
  value(await(limiter.acquire(1, Deadline::never(), {})));
  const SteadyTime begin = steady_now();
  const auto refused = await(limiter.acquire(1, Deadline::after(seconds(5)), {}));
  CHECK(elapsed(begin) < milliseconds(500));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == "limit.deadline");
  CHECK(refused.error().kind == ErrorKind::timeout);
  CHECK(take(*database, 2, 1).wait < milliseconds(30'251));
}

TEST_CASE("CallLimiter: cancelling ends the wait, and the next in line gets its turn") {
  ScratchDirectory directory;
  const auto database = open_database(directory.path() / "limit.db");
  CallLimiter limiter(*database, "provider", 2);
  value(await(limiter.acquire(1, Deadline::never(), {})));
  net::Loop loop;
  CancelSource stop;
  struct Both {
    static Task<void> first(CallLimiter& limit, CancelToken token, std::string& code) {
      code = (co_await limit.acquire(1, Deadline::never(), token)).error().code;
    }
    static Task<void> second(CallLimiter& limit, std::string& code) {
      code = (co_await limit.acquire(1, Deadline::after(milliseconds(700)), {})).error().code;
    }
    static Task<void> run(CallLimiter& limit, CancelSource& source, std::string& a,
                          std::string& b) {
      TaskGroup group;
      group.spawn(first(limit, source.token(), a), "first");
      group.spawn(second(limit, b), "second");
      co_await net::sleep_for(milliseconds(100));
      source.cancel();
      co_await group.join();
    }
  };
  std::string first;
  std::string second;
  const SteadyTime begin = steady_now();
  loop.run_until_done(Both::run(limiter, stop, first, second));
  CHECK(first == "cancelled");
  CHECK(second == "limit.deadline");  // told by the database, so before its deadline
  CHECK(elapsed(begin) < milliseconds(600));
}

TEST_CASE("CallLimiter: fails closed, and knows what can never be") {
  ScratchDirectory directory;
  const auto empty = value(data::open_sqlite({.file = directory.path() / "no-tables.db"}));
  CallLimiter broken(*empty, "provider", 300);
  CHECK_FALSE(await(broken.acquire(1, Deadline::never(), {})));
  CallLimiter unlimited(*empty, "provider", 0);
  CHECK(await(unlimited.acquire(1'000'000, Deadline::never(), {})));
  CHECK(await(broken.acquire(301, Deadline::never(), {})).error().code == "limit.cost");
  CHECK(await(broken.acquire(0, Deadline::never(), {})).error().code == "limit.cost");
}

}  // namespace selvage::work
