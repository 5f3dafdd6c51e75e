// One limit on Redis over several processes: never exceeded, and nearly all of it used.
#include <random>

#include "base/task_group.hpp"
#include "integration/work/redis_backend.hpp"
#include "work/call_limiter.hpp"
#include "work/detail/turn.hpp"

namespace selvage::work {

namespace {

// A process with a loop and a connection of its own, in which several callers call as soon as they
// may until `end`.
class GreedyProcess {
 public:
  GreedyProcess(const std::string& url, std::int64_t per_minute, SteadyTime end)
      : url_(url), per_minute_(per_minute), end_(end), thread_([this] {
          net::Loop loop;
          loop.run_until_done(call_until_end(loop));
        }) {}
  [[nodiscard]] std::vector<SteadyTime> starts() {
    thread_.join();
    return std::move(starts_);
  }

 private:
  static constexpr int kCallers = 40;

  Task<void> call_until_end(net::Loop& loop) {
    const auto turns = make_redis_turn_book(loop, redis_url(url_));
    CallLimiter limiter(*turns, "shared", per_minute_);
    TaskGroup callers;
    for (int i = 0; i < kCallers; ++i) callers.spawn(call(limiter), "caller");
    co_await callers.join();
    co_await turns->close();
  }
  Task<void> call(CallLimiter& limiter) {
    while (co_await limiter.acquire(1, Deadline{end_}, {})) starts_.push_back(steady_now());
  }

  const std::string url_;
  const std::int64_t per_minute_;
  const SteadyTime end_;
  std::vector<SteadyTime> starts_;
  std::jthread thread_;
};

}  // namespace

TEST_CASE("CallLimiter: eight processes share one limit, exactly and nearly without loss") {
  SELVAGE_NEED_REDIS();
  constexpr std::int64_t kPerMinute = 12'000;  // 198 a second, as the slack leaves them
  constexpr seconds kLength{8};
  testing::RunningRedis redis;
  std::vector<std::unique_ptr<GreedyProcess>> processes;
  const SteadyTime end = steady_now() + kLength;
  for (int i = 0; i < 8; ++i) {
    processes.push_back(std::make_unique<GreedyProcess>(redis.url(), kPerMinute, end));
  }
  std::vector<SteadyTime> all;
  int used_by = 0;
  for (const auto& process : processes) {
    const auto starts = process->starts();
    if (!starts.empty()) ++used_by;
    all.insert(all.end(), starts.begin(), starts.end());
  }
  std::ranges::sort(all);
  CHECK(used_by == 8);

  // no stretch of time saw more starts than its turns and the slack of the last one allow
  const auto interval = turn_interval(kPerMinute);
  std::size_t violations = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = i + 1; j < all.size(); ++j) {
      const auto turns = static_cast<std::int64_t>(j - i);
      if (all[j] - all[i] < turns * interval - kTurnSlack) ++violations;
    }
  }
  CHECK(violations == 0);
  // so in a minute at most kPerMinute: what a minute of the measured pace would make, and the slack
  const auto length = std::chrono::duration<double>(all.back() - all.front()).count();
  const double per_minute = static_cast<double>(all.size() - 1) / length * 60.0;
  MESSAGE(all.size(), " starts in ", length, " s, ", per_minute, " a minute of ", kPerMinute);
  CHECK(per_minute > 0.95 * static_cast<double>(kPerMinute));
  CHECK(per_minute <= static_cast<double>(kPerMinute));
}

namespace {

struct Call {
  milliseconds at;
  std::int64_t cost;
};

// Three thousand calls that start as soon as they may, or nearly as late; a tenth cost up to
// `max_cost`.
Task<std::vector<Call>> greedy_calls(ScopedClock& clock, std::mt19937& random,
                                     std::int64_t max_cost) {
  const auto pick = [&](std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution(low, high)(random);
  };
  const auto turns =
      make_redis_turn_book(net::Loop::current(), redis_url(OnRedis::redis().url()), false);
  const Timestamp begin = now();
  std::vector<Call> calls;
  while (calls.size() < 3000) {
    const std::int64_t cost = pick(0, 9) == 0 ? pick(1, max_cost) : 1;
    const SteadyTime asked = steady_now();
    const BookedTurn turn = value(co_await turns->take("minute", 300, cost, kTurnHorizon));
    // by the server's time, which stands still: without the way of the answer
    const auto wait = std::chrono::ceil<milliseconds>(turn.void_after - kTurnSlack - asked);
    if (!turn.taken) {
      clock.advance(std::max(wait - kTurnHorizon / 2, milliseconds(1)));
      continue;
    }
    const milliseconds late(pick(0, 3) == 0 ? kTurnSlack.count() - 20 : 0);
    calls.push_back({now() - begin + wait + late, cost});
    if (pick(0, 199) == 0) clock.advance(seconds(90));
  }
  co_await turns->close();
  co_return calls;
}

std::int64_t busiest_minute(std::mt19937& random, std::int64_t max_cost) {
  OnRedis::redis().cli({"FLUSHALL"});
  ScopedClock clock(from_unix_ms(1'700'000'000'000));
  std::vector<Call> calls = await(greedy_calls(clock, random, max_cost));
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

}  // namespace

TEST_CASE("CallLimiter: on Redis no sliding minute sees more than the limit, whatever calls cost") {
  SELVAGE_NEED_REDIS();
  std::mt19937 random(11);
  const std::int64_t most_of_equals = busiest_minute(random, 1);
  CHECK(most_of_equals <= 300);
  CHECK(most_of_equals >= 285);
  CHECK(busiest_minute(random, 20) <= 300);
}

}  // namespace selvage::work
