// The Redis queue over what happens to servers: restarts with and without memory, a failover, a
// cluster that moves its slots, a full memory, a replica in the master's place, cut connections.
#include "integration/work/queue_at.hpp"
#include "support/redis_groups.hpp"

namespace selvage::work {

using testing::RunningRedis;

namespace {

void check_all_done(QueueAt& queue, const std::map<std::string, int>& done, std::size_t count) {
  CHECK(done.size() == count);
  CHECK(queue.is_empty(kQueue));
}

}  // namespace

TEST_CASE("Redis queue: a server that forgot everything gets its tasks from the outbox again") {
  SELVAGE_NEED_REDIS();
  RunningRedis redis;  // keeps nothing
  QueueAt queue(redis.url());
  queue.enqueue(kQueue, "t", 40);
  wait_until_shipped(*queue.database);
  const auto held = queue.lease(kQueue, 10);
  CHECK(held.size() == 10);
  redis.kill_nine();
  redis.start();
  const auto done = queue.work_off(kQueue, 40);
  check_all_done(queue, done, 40);
  // who held one before the restart is late, however small the new server's numbers would be
  for (const Lease& lease : held) {
    const auto late = await(queue.broker->complete(lease.ref));
    CHECK((late && !*late));
  }
}

TEST_CASE("Redis queue: what is enqueued while the server is away waits in the outbox") {
  SELVAGE_NEED_REDIS();
  RunningRedis redis({.append_fsync = "always"});
  QueueAt queue(redis.url());
  queue.enqueue(kQueue, "before", 5);
  wait_until_shipped(*queue.database);
  redis.shutdown();
  queue.enqueue(kQueue, "meanwhile", 5);
  const auto refused = await(queue.broker->lease(kQueue, "worker-1", 1, seconds(5)));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().kind == ErrorKind::unavailable);
  redis.start();
  check_all_done(queue, queue.work_off(kQueue, 10), 10);
}

TEST_CASE("Redis queue: over a failover every task that was committed here is run") {
  SELVAGE_NEED_REDIS();
  testing::RedisSentinels servers;
  QueueAt queue(servers.url());
  queue.enqueue(kQueue, "t", 60);
  wait_until_shipped(*queue.database);
  CHECK(queue.lease(kQueue, 10, seconds(2)).size() == 10);
  servers.master.kill_nine();
  queue.enqueue(kQueue, "late", 10);
  check_all_done(queue, queue.work_off(kQueue, 70), 70);
  CHECK(servers.replica.info("role") == "master");
}

TEST_CASE("Redis queue: on a cluster each queue has its node, and follows when its slot moves") {
  SELVAGE_NEED_REDIS();
  testing::RedisCluster cluster(3);
  QueueAt queue(cluster.url());
  std::set<std::uint16_t> holders;
  const std::vector<std::string> names{"wearon:tasks:generation", "red", "green", "blue", "grey"};
  for (const std::string& name : names) {
    const RunningRedis& holder = cluster.holder(name);
    holders.insert(holder.port());
    queue.enqueue(name, "own", 10);
    wait_until_shipped(*queue.database);
    push(holder, name, numbered("raw", 10));
    CHECK(queue.work_off(name, 5).size() >= 5);
  }
  CHECK(holders.size() > 1);  // otherwise the names are badly chosen
  for (const std::string& name : names) {
    RunningRedis& from = cluster.holder(name);
    const auto to = std::ranges::find_if(
        cluster.nodes, [&](const auto& node) { return node->port() != from.port(); });
    const auto held = queue.lease(name, 1);
    cluster.move_slot(name, **to);
    for (const Lease& lease : held) CHECK(value(await(queue.broker->complete(lease.ref))));
    push(**to, name, {"after"});
    CHECK(testing::wait_until([&] { return queue.work_off(name, 1).contains("after"); },
                              seconds(60)));
    CHECK(queue.is_empty(name));
  }
}

TEST_CASE("Redis queue: a full server refuses new tasks and still lets the others be worked off") {
  SELVAGE_NEED_REDIS();
  RunningRedis redis({.max_memory = "6mb"});
  QueueAt queue(redis.url());
  const std::string stuffing(100'000, 'x');
  std::vector<NewTask> tasks;
  for (int i = 0; i < 80; ++i) {
    tasks.push_back({.id = std::to_string(i), .queue = kQueue, .payload = stuffing});
    tasks.back().payload += std::to_string(i);
  }
  value(queue.database->write_blocking(
      [&](data::Transaction& tx) { return queue.broker->enqueue(tx, tasks); }));
  queue.broker->notify();
  // no room for more than about half of them; then somebody else takes the rest
  CHECK(testing::wait_until([&] { return std::stoi(redis.cli({"HLEN", "{tests}:tasks"})) > 30; },
                            seconds(30)));
  for (const std::size_t size : {4000, 200, 1}) {
    int appended = 0;
    while (!redis.cli({"APPEND", "junk", std::string(size, 'j')}).starts_with("OOM")) {
      REQUIRE(++appended < 2000);
    }
  }
  check_all_done(queue, queue.work_off(kQueue, 80), 80);
}

TEST_CASE("Redis queue: a master that became a replica is waited out") {
  SELVAGE_NEED_REDIS();
  RunningRedis redis({.append_fsync = "always"});
  RunningRedis other;
  QueueAt queue(redis.url());
  push(redis, kQueue, numbered("n", 20));
  CHECK(queue.lease(kQueue, 1, seconds(2)).size() == 1);
  // a replica of nobody who answers: it keeps its data and refuses writes
  redis.cli({"REPLICAOF", "127.0.0.1", "1"});
  const auto refused = await(queue.broker->lease(kQueue, "worker-1", 1, seconds(5)));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().kind == ErrorKind::unavailable);
  redis.cli({"REPLICAOF", "NO", "ONE"});
  check_all_done(queue, queue.work_off(kQueue, 20), 20);
}

TEST_CASE("Redis queue: cut connections and a rewritten AOF lose nothing and repeat nothing") {
  SELVAGE_NEED_REDIS();
  RunningRedis redis({.append_fsync = "everysec"});
  QueueAt queue(redis.url());
  push(redis, kQueue, numbered("n", 400));
  queue.enqueue(kQueue, "own", 100);
  std::size_t cuts = 0;
  const auto done = queue.work_off(kQueue, 500, [&](std::size_t so_far) {
    if (cuts == 2 || so_far < 100 * (cuts + 1)) return;
    ++cuts;
    redis.cli({"BGREWRITEAOF"});
    redis.cli({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  });
  CHECK(cuts == 2);
  check_all_done(queue, done, 500);
  CHECK(std::ranges::all_of(done, [](const auto& entry) { return entry.second == 1; }));
}

}  // namespace selvage::work
