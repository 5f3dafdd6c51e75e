#include <doctest/doctest.h>

#include "integration/data/redis_fixture.hpp"

using namespace selvage;
using namespace selvage::data;
using selvage::testing::RunningRedis;

namespace {

RedisCommand take(milliseconds at_most) {
  return RedisCommand("BLMOVE").arg("q").arg("held").arg("RIGHT").arg("LEFT").arg(
      std::to_string(static_cast<double>(at_most.count()) / 1000));
}
constexpr milliseconds kLong{30'000};

Task<void> block_into(Redis& redis, milliseconds at_most, CancelToken cancel, std::string& got) {
  got = said(co_await redis.blocking(take(at_most), at_most, cancel));
}

Task<void> takes_and_times_out(Redis& redis) {
  CHECK(said(co_await redis.blocking(take(milliseconds(50)), milliseconds(50), {})) == "nil");
  std::string got;
  TaskGroup group;
  group.spawn(block_into(redis, kLong, {}, got), "block");
  // the shared connection is not held up
  for (int i = 0; i < 10; ++i) {
    CHECK(said(co_await redis.send(RedisCommand("PING"))) == "PONG");
  }
  CHECK(got.empty());
  CHECK(said(co_await redis.send(RedisCommand("LPUSH").arg("q").arg("task"))) == "1");
  co_await group.join();
  CHECK(got == "task");
  CHECK(said(co_await redis.send(RedisCommand("LLEN").arg("held"))) == "1");
}

Task<void> take_turns(Redis& redis) {
  std::string first;
  std::string second;
  std::string third;
  CancelSource tired;
  TaskGroup group;
  group.spawn(block_into(redis, kLong, {}, first), "block");
  group.spawn(block_into(redis, kLong, {}, second), "block");
  group.spawn(block_into(redis, kLong, tired.token(), third), "block");
  co_await net::sleep_for(milliseconds(50));
  tired.cancel();
  CHECK(said(co_await redis.send(RedisCommand("LPUSH").arg("q").arg("1").arg("2"))) == "2");
  co_await group.join();
  CHECK(first == "1");
  CHECK(second == "2");
  CHECK(third == "error cancelled");
}

Task<void> cancelled_at_once(Redis& redis) {
  for (int i = 0; i < 3; ++i) {
    std::string got;
    CancelSource source;
    TaskGroup group;
    group.spawn(block_into(redis, kLong, source.token(), got), "block");
    co_await net::sleep_for(milliseconds(60));
    const SteadyTime start = steady_now();
    source.cancel();
    co_await group.join();
    CHECK(steady_now() - start < milliseconds(1000));
    CHECK(got == "error cancelled");
  }
  // nobody is left waiting at the server who could take this
  CHECK(said(co_await redis.send(RedisCommand("LPUSH").arg("q").arg("task"))) == "1");
  CHECK(said(co_await redis.blocking(take(kLong), kLong, {})) == "task");
}

struct Restarted {
  RunningRedis& server;
  [[clang::coro_wrapper]] Task<void> operator()(Redis& redis) const { return run(redis, server); }
  static Task<void> run(Redis& redis, RunningRedis& server) {
    std::string got;
    TaskGroup group;
    group.spawn(block_into(redis, kLong, {}, got), "block");
    co_await net::sleep_for(milliseconds(100));
    server.kill_nine();
    co_await group.join();
    CHECK(got == "error redis.lost");
    CHECK(said(co_await redis.blocking(take(kLong), kLong, {})) == "error redis.unavailable");
    // fails at once until it is time to try again: no attempt for each call
    const SteadyTime start = steady_now();
    while (steady_now() - start < milliseconds(100)) {
      CHECK(said(co_await redis.blocking(take(kLong), kLong, {})) == "error redis.unavailable");
      co_await net::sleep_for(milliseconds(1));
    }
    server.start();
    co_await net::sleep_for(milliseconds(250));
    CHECK(co_await until_said(redis, RedisCommand("LPUSH").arg("q").arg("task"), "1"));
    CHECK(said(co_await redis.blocking(take(kLong), kLong, {})) == "task");
    // a restart between two commands costs nothing
    server.kill_nine();
    server.start();
    CHECK(co_await until_said(redis, RedisCommand("LPUSH").arg("q").arg("next"), "1"));
    CHECK(said(co_await redis.blocking(take(kLong), kLong, {})) == "next");
  }
};

struct ClosedMeanwhile {
  [[clang::coro_wrapper]] Task<void> operator()(Redis& redis) const { return run(redis); }
  static Task<void> run(Redis& redis) {
    std::string got;
    std::string behind;
    TaskGroup group;
    group.spawn(block_into(redis, kLong, {}, got), "block");
    group.spawn(block_into(redis, kLong, {}, behind), "block");
    co_await net::sleep_for(milliseconds(50));
    co_await redis.close();
    co_await group.join();
    CHECK(got == "error redis.closed");
    CHECK(behind == "error redis.closed");
  }
};

struct SilentForever {
  RunningRedis& server;
  [[clang::coro_wrapper]] Task<void> operator()(Redis& redis) const { return run(redis, server); }
  static Task<void> run(Redis& redis, RunningRedis& server) {
    CHECK(said(co_await redis.blocking(take(milliseconds(10)), milliseconds(10), {})) == "nil");
    server.freeze();
    CHECK(said(co_await redis.blocking(take(milliseconds(50)), milliseconds(50), {})) ==
          "error redis.timeout");
    server.thaw();
  }
};

// Collects what a subscription hears.
struct Heard {
  std::vector<std::string> messages;
  int ready = 0;
};

Task<void> publish_until_heard(Redis& redis, std::string channel, std::string payload,
                               const Heard& heard) {
  const std::string wanted = channel + "=" + payload;
  const Deadline deadline = Deadline::after(milliseconds(20'000));
  while (!deadline.passed() && std::ranges::find(heard.messages, wanted) == heard.messages.end()) {
    (void)co_await redis.send(RedisCommand("PUBLISH").arg(channel).arg(payload));
    co_await net::sleep_for(milliseconds(20));
  }
  CHECK_FALSE(deadline.passed());
}

struct Listen {
  RunningRedis& server;
  [[clang::coro_wrapper]] Task<void> operator()(Redis& redis) const { return run(redis, server); }
  static Task<void> run(Redis& redis, RunningRedis& server) {
    Heard heard;
    RedisSubscription subscription(redis.home(), redis_url(server.url()), {"news", "other"},
                                   {"job.*"});
    CancelSource source;
    TaskGroup group;
    group.spawn(subscription.run(
                    [&heard](RedisMessage message) {
                      heard.messages.push_back(message.channel + "=" + message.payload);
                    },
                    [&heard] { ++heard.ready; }, source.token()),
                "listen");
    co_await publish_until_heard(redis, "news", "one", heard);
    co_await publish_until_heard(redis, "job.7", "done", heard);
    CHECK(heard.ready == 1);
    server.kill_nine();
    server.start();
    co_await publish_until_heard(redis, "other", "two", heard);
    co_await publish_until_heard(redis, "job.8", "done", heard);
    CHECK(heard.ready == 2);
    source.cancel();
    const SteadyTime start = steady_now();
    co_await group.join();
    CHECK(steady_now() - start < milliseconds(1000));
  }
};

}  // namespace

TEST_CASE("Redis blocking: waits for an element on a connection of its own") {
  SELVAGE_NEED_REDIS();
  RunningRedis server;
  with_redis(server.url(), quick_options(), takes_and_times_out);
}

TEST_CASE("Redis blocking: callers take turns") {
  SELVAGE_NEED_REDIS();
  RunningRedis server;
  with_redis(server.url(), quick_options(), take_turns);
}

TEST_CASE("Redis blocking: cancelling ends it at once, at the server too") {
  SELVAGE_NEED_REDIS();
  RunningRedis server;
  with_redis(server.url(), quick_options(), cancelled_at_once);
}

TEST_CASE("Redis blocking: a killed server is told, and found again") {
  SELVAGE_NEED_REDIS();
  RunningRedis server;
  with_redis(server.url(), quick_options(), Restarted{server});
}

TEST_CASE("Redis blocking: closing ends it") {
  SELVAGE_NEED_REDIS();
  RunningRedis server;
  with_redis(server.url(), quick_options(), ClosedMeanwhile{});
}

TEST_CASE("Redis blocking: a frozen server is given up behind the command's own time-out") {
  SELVAGE_NEED_REDIS();
  RunningRedis server;
  RedisOptions options = quick_options();
  options.reply_time = milliseconds(300);
  with_redis(server.url(), options, SilentForever{server});
}

TEST_CASE("Redis subscription: channels and patterns are heard again after a restart") {
  SELVAGE_NEED_REDIS();
  RunningRedis server({.password = "secret"});
  with_redis(server.url(), quick_options(), Listen{server});
}
