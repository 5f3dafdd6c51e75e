#include <doctest/doctest.h>

#include "integration/data/redis_fixture.hpp"
#include "support/raw_server.hpp"

using namespace selvage;
using namespace selvage::data;
using selvage::testing::RawServer;
using selvage::testing::RunningRedis;

namespace {

RedisCommand set(std::string_view key, std::string_view value) {
  return RedisCommand("SET").arg(key).arg(value);
}

struct Demoted {
  RunningRedis& server;
  RunningRedis& master;
  [[clang::coro_wrapper]] Task<void> operator()(Redis& redis) const {
    return run(redis, server, master);
  }
  static Task<void> run(Redis& redis, RunningRedis& server, RunningRedis& master) {
    CHECK(said(co_await redis.send(set("a", "1"))) == "OK");
    (void)server.cli({"REPLICAOF", "127.0.0.1", std::to_string(master.port())});
    REQUIRE(testing::wait_until([&] { return server.info("master_link_status") == "up"; },
                                milliseconds(20'000)));
    const auto refused = co_await redis.send(set("a", "2"));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == "redis.unavailable");
    CHECK(refused.error().message.find("READONLY") != std::string::npos);
    (void)server.cli({"REPLICAOF", "NO", "ONE"});
    CHECK(co_await until_said(redis, set("a", "3"), "OK"));
  }
};

Task<void> full(Redis& redis) {
  const std::string big(200'000, 'x');
  std::string answer;
  for (int i = 0; i < 100 && answer != "error redis.full"; ++i) {
    answer = said(co_await redis.send(set("key" + std::to_string(i), big)));
  }
  CHECK(answer == "error redis.full");
  const RedisScript script("return redis.call('SET', KEYS[1], ARGV[1])");
  CHECK(said(co_await redis.eval(script, {"a"}, {big})) == "error redis.full");
  std::vector<RedisCommand> commands;
  commands.push_back(set("a", big));
  const auto refused = co_await redis.transaction(std::move(commands));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == "redis.full");
  // what frees memory still works, and then all does
  CHECK(said(co_await redis.send(RedisCommand("FLUSHALL"))) == "OK");
  CHECK(said(co_await redis.send(set("a", "1"))) == "OK");
}

struct Loading {
  RunningRedis& server;
  [[clang::coro_wrapper]] Task<void> operator()(Redis& redis) const { return run(redis, server); }
  static Task<void> run(Redis& redis, RunningRedis& server) {
    const auto early = co_await redis.send(set("a", "1"));
    REQUIRE_FALSE(early.has_value());
    CHECK(early.error().code == "redis.unavailable");
    CHECK(early.error().message.find("LOADING") != std::string::npos);
    CHECK(co_await until_said(redis, RedisCommand("GET").arg("key:1"), "1"));
    CHECK(server.info("loading") == "0");
  }
};

struct OneAnswer {
  RedisCommand command;
  Result<RedisReply>& result;
  [[clang::coro_wrapper]] Task<void> operator()(Redis& redis) const {
    return run(redis, command, result);
  }
  static Task<void> run(Redis& redis, RedisCommand command, Result<RedisReply>& result) {
    result = co_await redis.send(std::move(command));
  }
};

constexpr std::string_view kLoggedIn = "+PONG\r\n$10\r\nrun_id:abc\r\n";

// What a command gets from a server that lets clients in and then says `answer`.
Result<RedisReply> answered_with(std::string answer) {
  RawServer server([answer](RawServer::Peer& peer) {
    (void)peer.read_bytes(1);
    if (!peer.send(kLoggedIn)) return;
    // the login first; no word of it holds a Z
    while (peer.read_bytes(1) != "Z") {
    }
    (void)peer.send(answer);
    (void)peer.wait_for_close(milliseconds(20'000));
  });
  Result<RedisReply> result;
  RedisOptions options = quick_options();
  options.client_name.clear();
  options.reply_time = milliseconds(400);
  with_redis("redis://127.0.0.1:" + std::to_string(server.port()), options,
             OneAnswer{RedisCommand("ZCARD"), result});
  return result;
}

}  // namespace

TEST_CASE("Redis trouble: a demoted server is refused, and found again as a master") {
  SELVAGE_NEED_REDIS();
  RunningRedis server;
  RunningRedis master;
  with_redis(server.url(), quick_options(), Demoted{server, master});
}

TEST_CASE("Redis trouble: a server without memory says so for commands, scripts, transactions") {
  SELVAGE_NEED_REDIS();
  RunningRedis server({.max_memory = "3mb", .more = {"--maxmemory-policy", "noeviction"}});
  with_redis(server.url(), quick_options(), full);
}

TEST_CASE("Redis trouble: a server that loads its data is waited for") {
  SELVAGE_NEED_REDIS();
  RunningRedis server(
      {.more = {"--key-load-delay", "2000", "--loading-process-events-interval-bytes", "1024"}});
  (void)server.cli({"DEBUG", "POPULATE", "1000", "key"});
  (void)server.cli({"SET", "key:1", "1"});
  (void)server.cli({"SAVE"});
  server.kill_nine();
  server.start_without_waiting();
  with_redis(server.url(), quick_options(), Loading{server});
}

TEST_CASE("Redis trouble: what is no Redis answer ends the connection, bounded and told") {
  for (const std::string answer :
       {"HTTP/1.1 400 Bad Request\r\n\r\n", "$99999999999999999999\r\n", "$-5\r\n", "$3\r\nabcdef",
        "*2000000000\r\n", ":12x\r\n", "+OK\r\n+nobody asked\r\n", "\r\n", "+OK\n",
        "%1\r\n+a\r\n+b\r\n"}) {
    CAPTURE(answer);
    const auto result = answered_with(answer);
    if (answer.starts_with("+OK\r\n")) {
      CHECK(said(result) == "OK");  // only what comes behind it is wrong
      continue;
    }
    CHECK(said(result) == "error redis.lost");
  }
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += "*1\r\n";
  CHECK(said(answered_with(deep)) == "error redis.lost");
  CHECK(said(answered_with(std::string(200'000, '+'))) == "error redis.lost");
}

TEST_CASE("Redis trouble: a claim of much and then silence is given up") {
  CHECK(said(answered_with("$60000000\r\nabc")) == "error redis.timeout");
  CHECK(said(answered_with("*1000000\r\n")) == "error redis.timeout");
  CHECK(said(answered_with("")) == "error redis.timeout");
}

TEST_CASE("Redis trouble: what answers at the port and is no Redis is told so") {
  RawServer server([](RawServer::Peer& peer) {
    (void)peer.send("SSH-2.0-OpenSSH_9.2\r\n");
    (void)peer.wait_for_close(milliseconds(20'000));
  });
  Result<RedisReply> result;
  with_redis("redis://127.0.0.1:" + std::to_string(server.port()), quick_options(),
             OneAnswer{RedisCommand("PING"), result});
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().code == "redis.unavailable");
  CHECK(result.error().message.find("is not Redis") != std::string::npos);
}
