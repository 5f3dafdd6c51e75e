#include "support/redis_groups.hpp"

#include <doctest/doctest.h>

#include <map>

#include "data/readiness.hpp"
#include "integration/data/redis_fixture.hpp"

using namespace selvage;
using namespace selvage::data;
using selvage::testing::RedisCluster;
using selvage::testing::RedisSentinels;
using selvage::testing::RunningRedis;

namespace {

RedisCommand set(std::string_view key, std::string_view value) {
  return RedisCommand("SET").arg(key).arg(value);
}
RedisCommand get(std::string_view key) { return RedisCommand("GET").arg(key); }

RedisOptions in_slot_of(std::string key) {
  RedisOptions options = quick_options();
  options.slot_key = std::move(key);
  return options;
}

// Retries what was not executed, and counts what was.
Task<void> keep_counting(Redis& redis, std::string key, int times, int& done) {
  const Deadline deadline = Deadline::after(milliseconds(40'000));
  while (done < times && !deadline.passed()) {
    const auto answer = co_await redis.send(RedisCommand("INCR").arg(key));
    if (answer) {
      ++done;
    } else {
      CHECK_MESSAGE((answer.error().code == "redis.unavailable" ||
                     answer.error().code == "redis.lost" || answer.error().code == "redis.timeout"),
                    answer.error().describe());
      co_await net::sleep_for(milliseconds(20));
    }
  }
  CHECK(done == times);
}

struct MasterKilled {
  RedisSentinels& sentinels;
  [[clang::coro_wrapper]] Task<void> operator()(Redis& redis) const {
    return run(redis, sentinels);
  }
  static Task<void> run(Redis& redis, RedisSentinels& sentinels) {
    CHECK(said(co_await redis.send(set("a", "1"))) == "OK");
    const std::string first = redis.server_run_id();
    CHECK(first == sentinels.master.info("run_id"));
    CHECK(said(co_await redis.send(RedisCommand("WAIT").arg(1).arg(5000))) == "1");
    sentinels.kill_sentinel(0);  // the first of the URL: the others must do
    sentinels.master.kill_nine();
    int done = 0;
    co_await keep_counting(redis, "n", 100, done);
    CHECK(redis.server_run_id() == sentinels.replica.info("run_id"));
    CHECK(said(co_await redis.send(get("a"))) == "1");
    // the old master comes back as a replica, and nobody falls for it
    sentinels.master.start();
    CHECK(testing::wait_until([&] { return sentinels.master.info("role") == "slave"; },
                              milliseconds(60'000)));
    (void)sentinels.replica.cli({"CLIENT", "KILL", "TYPE", "NORMAL"});
    CHECK(co_await until_said(redis, get("n"), "100"));
    CHECK(redis.server_run_id() == sentinels.replica.info("run_id"));
  }
};

struct AskedToFailOver {
  RedisSentinels& sentinels;
  [[clang::coro_wrapper]] Task<void> operator()(Redis& redis) const {
    return run(redis, sentinels);
  }
  static Task<void> run(Redis& redis, RedisSentinels& sentinels) {
    CHECK(said(co_await redis.send(set("a", "1"))) == "OK");
    (void)sentinels.ask(1, {"SENTINEL", "FAILOVER", "main"});
    REQUIRE(sentinels.wait_for_master(sentinels.replica));
    REQUIRE(testing::wait_until([&] { return sentinels.master.info("role") == "slave"; },
                                milliseconds(60'000)));
    CHECK(co_await until_said(redis, set("a", "2"), "OK"));
    CHECK(redis.server_run_id() == sentinels.replica.info("run_id"));
  }
};

struct FirstWords {
  std::string& words;
  [[clang::coro_wrapper]] Task<void> operator()(Redis& redis) const { return run(redis, words); }
  static Task<void> run(Redis& redis, std::string& words) {
    const auto answer = co_await redis.send(RedisCommand("PING"));
    words = answer ? "PONG" : answer.error().code + " " + answer.error().describe();
  }
};

std::string ping(const std::string& url) {
  std::string words;
  with_redis(url, quick_options(), FirstWords{words});
  return words;
}

// Why it is not ready; empty when it is.
std::string not_ready(const std::string& url) {
  net::Loop loop;
  return loop.run_until_done(check_dependency({"it", url}, seconds(10))).error;
}

struct Moved {
  RedisCluster& cluster;
  [[clang::coro_wrapper]] Task<void> operator()(Redis& redis) const { return run(redis, cluster); }
  static Task<void> run(Redis& redis, RedisCluster& cluster) {
    RunningRedis& before = cluster.holder("{q}");
    CHECK(said(co_await redis.send(set("{q}:a", "1"))) == "OK");
    CHECK(redis.server_run_id() == before.info("run_id"));
    const RunningRedis& after = *cluster.nodes[cluster.nodes[0].get() == &before ? 1 : 0];
    cluster.move_slot("{q}", after);
    // the refused command itself goes to the new node: the caller sees nothing
    CHECK(said(co_await redis.send(get("{q}:a"))) == "1");
    CHECK(redis.server_run_id() == after.info("run_id"));
    cluster.move_slot("{q}", before);
    const RedisScript script("return redis.call('INCR', KEYS[1])");
    CHECK(said(co_await redis.eval(script, {"{q}:n"}, {})) == "1");
    cluster.move_slot("{q}", after);
    std::vector<RedisCommand> commands;
    commands.push_back(RedisCommand("INCR").arg("{q}:n"));
    const auto answers = co_await redis.transaction(std::move(commands));
    REQUIRE_MESSAGE(answers.has_value(), answers.error().describe());
    CHECK((*answers)[0].integer() == 2);
    // a key of another slot is a bug of the caller's, and must not make the client wander
    const auto elsewhere = co_await redis.send(get("another slot"));
    CHECK(said(elsewhere) == "error redis.reply");
    CHECK(said(co_await redis.send(get("{q}:n"))) == "2");
    CHECK(redis.server_run_id() == after.info("run_id"));
  }
};

struct Migrating {
  RedisCluster& cluster;
  [[clang::coro_wrapper]] Task<void> operator()(Redis& redis) const { return run(redis, cluster); }
  static Task<void> run(Redis& redis, RedisCluster& cluster) {
    RunningRedis& from = cluster.holder("{q}");
    const RunningRedis& to = *cluster.nodes[cluster.nodes[0].get() == &from ? 1 : 0];
    CHECK(said(co_await redis.send(set("{q}:old", "1"))) == "OK");
    const std::string slot = from.cli({"CLUSTER", "KEYSLOT", "{q}"});
    (void)to.cli({"CLUSTER", "SETSLOT", slot, "IMPORTING", from.cli({"CLUSTER", "MYID"})});
    (void)from.cli({"CLUSTER", "SETSLOT", slot, "MIGRATING", to.cli({"CLUSTER", "MYID"})});
    // what is there is served there, what is not goes to the new place
    CHECK(said(co_await redis.send(get("{q}:old"))) == "1");
    CHECK(said(co_await redis.send(set("{q}:new", "2"))) == "OK");
    CHECK(said(co_await redis.send(get("{q}:new"))) == "2");
    const RedisScript script("return redis.call('INCR', KEYS[1])");
    CHECK(said(co_await redis.eval(script, {"{q}:n"}, {})) == "1");
    CHECK(said(co_await redis.eval(script, {"{q}:n"}, {})) == "2");
    CHECK(redis.server_run_id() == from.info("run_id"));
    CHECK(to.cli({"CLUSTER", "COUNTKEYSINSLOT", slot}) == "2");
    cluster.move_slot("{q}", to);
    CHECK(said(co_await redis.send(get("{q}:old"))) == "1");
    CHECK(said(co_await redis.send(get("{q}:new"))) == "2");
    CHECK(redis.server_run_id() == to.info("run_id"));
  }
};

struct NoClusterUrl {
  [[clang::coro_wrapper]] Task<void> operator()(Redis& redis) const { return run(redis); }
  static Task<void> run(Redis& redis) {
    std::string answers;
    for (const std::string key : {"a", "b", "c", "d", "e", "f"}) {
      const auto answer = co_await redis.send(get(key));
      if (!answer) answers += answer.error().describe() + " " + answer.error().hint;
    }
    CHECK(answers.find("MOVED") != std::string::npos);
    CHECK(answers.find("redis+cluster://") != std::string::npos);
  }
};

struct NodeKilled {
  RedisCluster& cluster;
  [[clang::coro_wrapper]] Task<void> operator()(Redis& redis) const { return run(redis, cluster); }
  static Task<void> run(Redis& redis, RedisCluster& cluster) {
    CHECK(said(co_await redis.send(set("{q}:a", "1"))) == "OK");
    CHECK(said(co_await redis.send(RedisCommand("WAIT").arg(1).arg(5000))) == "1");
    const std::string first = redis.server_run_id();
    RunningRedis& holder = cluster.holder("{q}");
    CHECK(first == holder.info("run_id"));
    holder.kill_nine();
    int done = 0;
    co_await keep_counting(redis, "{q}:n", 100, done);
    CHECK(redis.server_run_id() != first);
    CHECK(said(co_await redis.send(get("{q}:a"))) == "1");
  }
};

}  // namespace

TEST_CASE("Redis sentinels: a killed master is replaced under a writer") {
  SELVAGE_NEED_REDIS();
  RedisSentinels sentinels("secret", "other");
  with_redis(sentinels.url(), quick_options(), MasterKilled{sentinels});
}

TEST_CASE("Redis sentinels: after a failover on request the demoted master is left") {
  SELVAGE_NEED_REDIS();
  RedisSentinels sentinels;
  with_redis(sentinels.url(), quick_options(), AskedToFailOver{sentinels});
  CHECK(not_ready(sentinels.url()).empty());
  std::string wrong_name = sentinels.url();
  wrong_name.replace(wrong_name.rfind("main"), 4, "other");
  const std::string words = ping(wrong_name);
  CHECK(words.starts_with("redis.unavailable"));
  CHECK(words.find("knows no master \"other\"") != std::string::npos);
  CHECK(not_ready(wrong_name).find("knows no master") != std::string::npos);
}

TEST_CASE("Redis cluster: a moved slot is followed, also by scripts and transactions") {
  SELVAGE_NEED_REDIS();
  RedisCluster cluster(3, 0, "secret");
  CHECK(not_ready(cluster.url()).empty());
  with_redis(cluster.url(), in_slot_of("{q}"), Moved{cluster});
}

TEST_CASE("Redis cluster: while a slot moves, each key is found where it is") {
  SELVAGE_NEED_REDIS();
  RedisCluster cluster;
  with_redis(cluster.url(), in_slot_of("{q}"), Migrating{cluster});
  with_redis(cluster.nodes[0]->url(), in_slot_of("a"), NoClusterUrl{});
}

TEST_CASE("Redis cluster: the replica of a killed node is found, from whatever node still lives") {
  SELVAGE_NEED_REDIS();
  RedisCluster cluster(3, 1);
  with_redis(cluster.url(), in_slot_of("{q}"), NodeKilled{cluster});
}
