#include <doctest/doctest.h>
#include <sys/resource.h>

#include <map>

#include "integration/data/redis_fixture.hpp"
#include "support/raw_server.hpp"

using namespace selvage;
using namespace selvage::data;
using selvage::testing::RawServer;
using selvage::testing::RunningRedis;
using selvage::testing::wait_until;

namespace {

RedisCommand incr(std::string_view key = "n") { return RedisCommand("INCR").arg(key); }
RedisCommand get(std::string_view key) { return RedisCommand("GET").arg(key); }

std::chrono::milliseconds cpu_time() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto ms = [](timeval t) { return t.tv_sec * 1000 + t.tv_usec / 1000; };
  return milliseconds(ms(used.ru_utime) + ms(used.ru_stime));
}

struct Restart {
  RunningRedis& server;
  [[clang::coro_wrapper]] Task<void> operator()(Redis& redis) const { return run(redis, server); }
  static Task<void> run(Redis& redis, RunningRedis& server) {
    CHECK(said(co_await redis.send(incr())) == "1");
    const std::string first = redis.server_run_id();
    CHECK(first == server.info("run_id"));
    server.shutdown();
    CHECK(said(co_await redis.send(incr())).starts_with("error redis."));
    co_await net::sleep_for(milliseconds(300));
    const auto refused = co_await redis.send(incr());
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == "redis.unavailable");
    CHECK(refused.error().message.find("Connection refused") != std::string::npos);
    server.start();
    CHECK(co_await until_said(redis, get("n"), "1"));
    CHECK(redis.server_run_id() != first);
    CHECK(redis.server_run_id() == server.info("run_id"));
  }
};

struct KilledClients {
  RunningRedis& server;
  [[clang::coro_wrapper]] Task<void> operator()(Redis& redis) const { return run(redis, server); }
  static Task<void> run(Redis& redis, RunningRedis& server) {
    CHECK(said(co_await redis.send(incr())) == "1");
    const std::string run_id = redis.server_run_id();
    (void)server.cli({"CLIENT", "KILL", "TYPE", "NORMAL"});
    CHECK(co_await until_said(redis, get("n"), "1"));
    CHECK(redis.server_run_id() == run_id);
  }
};

// What became of many increments while the server was killed under them.
struct Tally {
  std::map<std::string, int> outcomes;
  bool stop = false;
};

Task<void> keep_counting(Redis& redis, Tally& tally) {
  while (!tally.stop) {
    const auto answer = co_await redis.send(incr());
    ++tally.outcomes[answer ? "done" : answer.error().code];
    if (!answer) co_await net::sleep_for(milliseconds(5));
  }
}

struct KillNine {
  RunningRedis& server;
  Tally& tally;
  [[clang::coro_wrapper]] Task<void> operator()(Redis& redis) const {
    return run(redis, server, tally);
  }
  static Task<void> run(Redis& redis, RunningRedis& server, Tally& tally) {
    TaskGroup writers;
    for (int i = 0; i < 64; ++i) writers.spawn(keep_counting(redis, tally), "count");
    for (int kill = 0; kill < 3; ++kill) {
      co_await net::sleep_for(milliseconds(200));
      server.kill_nine();
      co_await net::sleep_for(milliseconds(500));  // long enough to be told that it is away
      server.start();
      const int before = tally.outcomes["done"];
      const Deadline deadline = Deadline::after(milliseconds(20'000));
      while (tally.outcomes["done"] < before + 100 && !deadline.passed()) {
        co_await net::sleep_for(milliseconds(10));
      }
      CHECK_FALSE(deadline.passed());
    }
    tally.stop = true;
    co_await writers.join();
  }
};

struct Hammered {
  RawServer& server;
  [[clang::coro_wrapper]] Task<void> operator()(Redis& redis) const { return run(redis, server); }
  static Task<void> run(Redis& redis, RawServer& server) {
    // a caller that never pauses: the client must not turn that into connections
    const Deadline end = Deadline::after(milliseconds(1500));
    while (!end.passed()) {
      CHECK_FALSE((co_await redis.send(get("a"))).has_value());
      co_await net::sleep_for(milliseconds(1));
    }
    CHECK(server.accepted() >= 2);
    CHECK(server.accepted() <= 12);
    // and with nobody asking it sleeps between its attempts
    const auto cpu = cpu_time();
    co_await net::sleep_for(milliseconds(500));
    CHECK(cpu_time() - cpu < milliseconds(150));
  }
};

struct Frozen {
  RunningRedis& server;
  [[clang::coro_wrapper]] Task<void> operator()(Redis& redis) const { return run(redis, server); }
  static Task<void> run(Redis& redis, RunningRedis& server) {
    CHECK(said(co_await redis.send(incr())) == "1");
    server.freeze();
    const SteadyTime start = steady_now();
    const auto late = co_await redis.send(incr());
    REQUIRE_FALSE(late.has_value());
    CHECK(late.error().code == "redis.timeout");
    CHECK(late.error().kind == ErrorKind::timeout);
    CHECK(steady_now() - start >= milliseconds(400));
    CHECK(steady_now() - start < milliseconds(5000));
    server.thaw();
    CHECK(co_await until_said(redis, RedisCommand("PING"), "PONG"));
  }
};

Task<void> one_more(Redis& redis, std::map<std::string, std::size_t>& outcomes) {
  const auto answer = co_await redis.send(get("a"));
  ++outcomes[answer ? "done" : answer.error().code];
}

struct TooMany {
  RunningRedis& server;
  [[clang::coro_wrapper]] Task<void> operator()(Redis& redis) const { return run(redis, server); }
  static Task<void> run(Redis& redis, RunningRedis& server) {
    CHECK(said(co_await redis.send(get("a"))) == "nil");
    server.freeze();
    std::map<std::string, std::size_t> outcomes;
    TaskGroup group;
    for (std::size_t i = 0; i < kMaxPending + 7; ++i) group.spawn(one_more(redis, outcomes), "get");
    CHECK(outcomes["redis.busy"] == 7);
    CHECK(group.size() == kMaxPending);
    server.thaw();
    co_await group.join();
    CHECK(outcomes["done"] == kMaxPending);
  }
};

struct ClosedWhileWaiting {
  RunningRedis& server;
  [[clang::coro_wrapper]] Task<void> operator()(Redis& redis) const { return run(redis, server); }
  static Task<void> run(Redis& redis, RunningRedis& server) {
    CHECK(said(co_await redis.send(get("a"))) == "nil");
    server.freeze();
    std::map<std::string, std::size_t> outcomes;
    TaskGroup group;
    for (int i = 0; i < 100; ++i) group.spawn(one_more(redis, outcomes), "get");
    co_await redis.close();
    co_await group.join();
    CHECK(outcomes["redis.closed"] == 100);
    CHECK(said(co_await redis.send(get("a"))) == "error redis.closed");
    server.thaw();
  }
};

}  // namespace

TEST_CASE("Redis: after a shutdown and a restart the client is back by itself and says so") {
  SELVAGE_NEED_REDIS();
  RunningRedis server({.append_fsync = "always"});
  with_redis(server.url(), quick_options(), Restart{server});
}

TEST_CASE("Redis: a killed connection is made again, to the same server") {
  SELVAGE_NEED_REDIS();
  RunningRedis server;
  with_redis(server.url(), quick_options(), KilledClients{server});
}

TEST_CASE("Redis: over kill -9 each increment is done, certainly not done, or told as uncertain") {
  SELVAGE_NEED_REDIS();
  RunningRedis server({.append_fsync = "always"});
  Tally tally;
  with_redis(server.url(), quick_options(), KillNine{server, tally});
  const int counted = std::stoi(server.cli({"GET", "n"}));
  const int done = tally.outcomes["done"];
  const int uncertain = tally.outcomes["redis.lost"] + tally.outcomes["redis.timeout"];
  CAPTURE(done);
  CAPTURE(uncertain);
  CHECK(counted >= done);
  CHECK(counted <= done + uncertain);
  CHECK(tally.outcomes["redis.unavailable"] > 0);
  for (const auto& [code, times] : tally.outcomes) {
    CHECK_MESSAGE((code == "done" || code == "redis.lost" || code == "redis.timeout" ||
                   code == "redis.unavailable"),
                  code);
  }
}

TEST_CASE("Redis: a server that accepts and hangs up is asked a few times a second, not hammered") {
  RawServer server([](RawServer::Peer&) {});
  with_redis("redis://127.0.0.1:" + std::to_string(server.port()), quick_options(),
             Hammered{server});
}

TEST_CASE("Redis: a server that freezes is given up after the reply time") {
  SELVAGE_NEED_REDIS();
  RunningRedis server;
  RedisOptions options = quick_options();
  options.reply_time = milliseconds(400);
  with_redis(server.url(), options, Frozen{server});
}

TEST_CASE("Redis: no more than so many commands wait, and those that do are answered") {
  SELVAGE_NEED_REDIS();
  RunningRedis server;
  RedisOptions options = quick_options();
  options.reply_time = milliseconds(30'000);
  with_redis(server.url(), options, TooMany{server});
}

TEST_CASE("Redis: closing ends what waits at once") {
  SELVAGE_NEED_REDIS();
  RunningRedis server;
  with_redis(server.url(), quick_options(), ClosedWhileWaiting{server});
}
