// Tasks that others LPUSH to a list on Redis.
#include "integration/work/queue_at.hpp"

namespace selvage::work {

using testing::RunningRedis;

TEST_CASE("Plain producers: the oldest is taken first and stays held until it is done") {
  SELVAGE_NEED_REDIS();
  ScopedClock clock(from_unix_ms(1'000'000));
  RunningRedis redis;
  QueueAt queue(redis.url(), {.server_clock = false});
  push(redis, kQueue, {"a", "b", "c"});
  const auto taken = queue.lease(kQueue, 2);
  REQUIRE(taken.size() == 2);
  CHECK(taken[0].payload == "a");
  CHECK(taken[1].payload == "b");
  CHECK(redis.cli({"LLEN", kQueue}) == "1");
  CHECK(redis.cli({"HLEN", "{tests}:held"}) == "2");
  CHECK(value(await(queue.broker->complete(taken[0].ref))));
  CHECK(redis.cli({"HLEN", "{tests}:held"}) == "1");

  clock.advance(seconds(10));  // the holder of b died
  const auto again = queue.lease(kQueue, 5);
  REQUIRE(again.size() == 2);
  CHECK(again[0].payload == "b");
  CHECK(again[0].deliveries == 2);
  CHECK(again[0].ref.token > taken[1].ref.token);
  CHECK(again[1].payload == "c");
  CHECK_FALSE(value(await(queue.broker->complete(taken[1].ref))));  // too late
  for (const Lease& lease : again) CHECK(value(await(queue.broker->complete(lease.ref))));
  CHECK(queue.is_empty(kQueue));
}

TEST_CASE("Plain producers: a waiting worker hears of an element within a second") {
  SELVAGE_NEED_REDIS();
  RunningRedis redis;
  QueueAt queue(redis.url(), {.poll = seconds(1)});
  CHECK(queue.lease(kQueue, 1).empty());
  std::jthread later([&] {
    std::this_thread::sleep_for(milliseconds(200));
    push(redis, kQueue, {"a"});
  });
  CHECK(testing::wait_until(
      [&] {
        await(queue.broker->wait_for_work(kQueue, seconds(5), {}));
        return !queue.lease(kQueue, 1).empty();
      },
      seconds(30)));
}

TEST_CASE("Plain producers: an element that is too large becomes a dead letter, the rest go on") {
  SELVAGE_NEED_REDIS();
  RunningRedis redis;
  QueueAt queue(redis.url());
  redis.cli(
      {"EVAL", "redis.call('LPUSH', KEYS[1], string.rep('x', 2000000)) return 1", "1", kQueue});
  push(redis, kQueue, {"good", std::string("\xff\xfe not text"), ""});
  const auto done = queue.work_off(kQueue, 3);
  CHECK(done.size() == 3);
  const auto depths = value(await(queue.broker->depths()));
  REQUIRE(depths.size() == 1);
  CHECK(depths[0].dead == 1);
  const auto dead = value(await(queue.broker->list(kQueue, "dead", 10, "")));
  REQUIRE(dead.size() == 1);
  CHECK_FALSE(dead[0].reason.empty());
  CHECK(value(await(queue.broker->discard_dead(kQueue, dead[0].id))));
}

TEST_CASE("Plain producers: with AOF always, a killed server loses no element") {
  SELVAGE_NEED_REDIS();
  RunningRedis redis({.append_fsync = "always"});
  QueueAt queue(redis.url());
  push(redis, kQueue, numbered("n", 300));
  int kills = 0;
  const auto done = queue.work_off(kQueue, 300, [&](std::size_t so_far) {
    if (kills == 2 || so_far < static_cast<std::size_t>(80 * (kills + 1))) return;
    ++kills;
    redis.kill_nine();
    redis.start();
  });
  CHECK(kills == 2);
  CHECK(done.size() == 300);
  CHECK(std::ranges::all_of(done, [](const auto& entry) { return entry.second == 1; }));
  CHECK(queue.is_empty(kQueue));
}

}  // namespace selvage::work
