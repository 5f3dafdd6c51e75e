#include "data/redis.hpp"

#include <doctest/doctest.h>

#include "integration/data/redis_fixture.hpp"

using namespace selvage;
using namespace selvage::data;
using selvage::testing::RunningRedis;

namespace {

Task<void> all_kinds_of_answers(Redis& redis) {
  CHECK(said(co_await redis.send(RedisCommand("SET").arg("a").arg("1"))) == "OK");
  CHECK(said(co_await redis.send(RedisCommand("INCRBY").arg("a").arg(41))) == "42");
  CHECK(said(co_await redis.send(RedisCommand("GET").arg("a"))) == "42");
  CHECK(said(co_await redis.send(RedisCommand("GET").arg("b"))) == "nil");
  CHECK(said(co_await redis.send(RedisCommand("RPUSH").arg("l").arg("x").arg(""))) == "2");
  const auto list = co_await redis.send(RedisCommand("LRANGE").arg("l").arg(0).arg(-1));
  REQUIRE(list.has_value());
  REQUIRE(list->is_array());
  CHECK(list->array()[0].text() == "x");
  CHECK(list->array()[1].text().empty());
  const auto wrong = co_await redis.send(RedisCommand("INCR").arg("l"));
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().code == "redis.reply");
  CHECK(wrong.error().message.find("WRONGTYPE") != std::string::npos);
  const std::string big(10'000'000, 'x');
  CHECK(said(co_await redis.send(RedisCommand("SET").arg("big").arg(big))) == "OK");
  CHECK(said(co_await redis.send(RedisCommand("GET").arg("big"))) == big);
  CHECK(said(co_await redis.send(RedisCommand("CLIENT").arg("GETNAME"))) == "test");
}

Task<void> increment(Redis& redis, int times, int& right) {
  for (int i = 0; i < times; ++i) {
    if ((co_await redis.send(RedisCommand("INCR").arg("n"))).has_value()) ++right;
  }
}

Task<void> hundred_thousand(Redis& redis) {
  int right = 0;
  TaskGroup group;
  for (int i = 0; i < 1000; ++i) group.spawn(increment(redis, 100, right), "increment");
  co_await group.join();
  CHECK(right == 100'000);
  CHECK(said(co_await redis.send(RedisCommand("GET").arg("n"))) == "100000");
}

Task<void> one_script(Redis& redis) {
  const RedisScript script("return {KEYS[1], ARGV[1], redis.call('INCR', KEYS[1])}");
  for (int i = 1; i <= 3; ++i) {
    const auto answer = co_await redis.eval(script, {"k"}, {"v"});
    REQUIRE_MESSAGE(answer.has_value(), answer.error().describe());
    CHECK(answer->array()[0].text() == "k");
    CHECK(answer->array()[1].text() == "v");
    CHECK(answer->array()[2].integer() == i);
    if (i == 2) {
      CHECK(said(co_await redis.send(RedisCommand("SCRIPT").arg("FLUSH"))) == "OK");
    }
  }
}

Task<void> one_transaction(Redis& redis) {
  std::vector<RedisCommand> commands;
  commands.push_back(RedisCommand("SET").arg("a").arg("x"));
  commands.push_back(RedisCommand("INCR").arg("a"));
  commands.push_back(RedisCommand("INCR").arg("b"));
  const auto answers = co_await redis.transaction(std::move(commands));
  REQUIRE_MESSAGE(answers.has_value(), answers.error().describe());
  REQUIRE(answers->size() == 3);
  CHECK((*answers)[0].text() == "OK");
  REQUIRE((*answers)[1].failure() != nullptr);
  CHECK((*answers)[2].integer() == 1);

  std::vector<RedisCommand> refused;
  refused.push_back(RedisCommand("SET").arg("c").arg("x"));
  refused.push_back(RedisCommand("NONSENSE").arg("my secret"));
  const auto nothing = co_await redis.transaction(std::move(refused));
  REQUIRE_FALSE(nothing.has_value());
  CHECK(nothing.error().code == "redis.reply");
  CHECK(nothing.error().describe().find("NONSENSE") != std::string::npos);
  CHECK(nothing.error().describe().find("my secret") == std::string::npos);
  CHECK(said(co_await redis.send(RedisCommand("GET").arg("c"))) == "nil");
}

}  // namespace

TEST_CASE("Redis: every kind of answer arrives as it was sent") {
  SELVAGE_NEED_REDIS();
  RunningRedis server;
  with_redis(server.url(), quick_options(), all_kinds_of_answers);
}

TEST_CASE("Redis: a hundred thousand commands share one connection, and none is lost or mixed up") {
  SELVAGE_NEED_REDIS();
  RunningRedis server;
  with_redis(server.url(), quick_options(), hundred_thousand);
  CHECK(std::stoi(server.info("total_connections_received")) <= 3);  // with redis-cli's own
}

TEST_CASE("Redis: a script is sent once, and again after the server forgot it") {
  SELVAGE_NEED_REDIS();
  RunningRedis server;
  with_redis(server.url(), quick_options(), one_script);
}

TEST_CASE("Redis: a transaction is all or nothing, and errors do not show arguments") {
  SELVAGE_NEED_REDIS();
  RunningRedis server;
  with_redis(server.url(), quick_options(), one_transaction);
}

TEST_CASE("Redis: a client that was never used needs no server and no closing") {
  net::Loop loop;
  const Redis redis(loop, redis_url("redis://127.0.0.1:1"), {});
  CHECK(redis.server_run_id().empty());
}
