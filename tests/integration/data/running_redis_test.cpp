#include "support/running_redis.hpp"

#include "support/redis_groups.hpp"

using namespace selvage::testing;

TEST_CASE("A running Redis keeps what an append-only file holds over kill -9, on the same port") {
  SELVAGE_NEED_REDIS();
  RunningRedis redis({.password = "secret of the test", .append_fsync = "always"});
  CHECK(redis.cli({"SET", "a", "1"}) == "OK");
  const std::uint16_t port = redis.port();
  const std::string run_id = redis.info("run_id");
  redis.kill_nine();
  CHECK_FALSE(redis.running());
  redis.start();
  CHECK(redis.port() == port);
  CHECK(redis.cli({"GET", "a"}) == "1");
  CHECK(redis.info("run_id") != run_id);
  redis.shutdown();
  CHECK_FALSE(redis.running());
  redis.start();
  CHECK(redis.cli({"GET", "a"}) == "1");
}

TEST_CASE("A running Redis speaks TLS only when it has certificates") {
  SELVAGE_NEED_REDIS();
  const TestCertificates certificates;
  RunningRedis redis({.certificates = &certificates});
  CHECK(redis.cli({"PING"}) == "PONG");
  CHECK(run_program({"redis-cli", "-p", std::to_string(redis.port()), "PING"}).output != "PONG\n");
}

TEST_CASE("Sentinels promote the replica of a killed master") {
  SELVAGE_NEED_REDIS();
  RedisSentinels sentinels("secret", "other");
  CHECK(sentinels.master_port() == sentinels.master.port());
  sentinels.master.kill_nine();
  CHECK(sentinels.wait_for_master(sentinels.replica));
}

TEST_CASE("A cluster of three serves, and moves a slot with its keys") {
  SELVAGE_NEED_REDIS();
  const RedisCluster cluster;
  RunningRedis& before = cluster.holder("{q}");
  CHECK(before.cli({"SET", "{q}:a", "1"}) == "OK");
  RunningRedis& after = cluster.nodes[0].get() == &before ? *cluster.nodes[1] : *cluster.nodes[0];
  cluster.move_slot("{q}", after);
  CHECK(&cluster.holder("{q}") == &after);
  CHECK(after.cli({"GET", "{q}:a"}) == "1");
}
