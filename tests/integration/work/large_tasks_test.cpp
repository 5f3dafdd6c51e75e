// Tasks of producers that know no limit: what Redis answers stays within what its reader takes.
#include "integration/work/redis_backend.hpp"

namespace selvage::work {

namespace {

const QueueOptions kForCelery{.forms = {{.queue = kQueue, .kind = QueueKind::celery}}};

// Pushes `count` elements of `bytes` bytes each; the n-th begins with "n,".
void push(int count, std::size_t bytes) {
  OnRedis::redis().cli(
      {"EVAL",
       "for i = 1, tonumber(ARGV[1]) do redis.call('LPUSH', KEYS[1], i .. ',' .. string.rep('x', "
       "ARGV[2] - #tostring(i) - 1)) end",
       "1", kQueue, std::to_string(count), std::to_string(bytes)});
}

std::vector<int> numbers(const std::vector<Lease>& leases) {
  std::vector<int> all;
  for (const Lease& lease : leases) all.push_back(std::atoi(lease.payload.c_str()));
  return all;
}

std::int64_t dead_in(QueueOn<OnRedis>& queue) {
  return value(await(queue.broker->depths())).front().dead;
}

}  // namespace

TEST_CASE("LargeTasks: a claim ends where its answer is full, and the next goes on from there") {
  SELVAGE_NEED_REDIS();
  QueueOn<OnRedis> queue(kForCelery);
  push(12, 3'000'000);
  std::vector<Lease> leases = queue.lease(12);
  CHECK(numbers(leases) == std::vector{1, 2, 3, 4, 5});
  CHECK(leases.front().payload.size() == 3'000'000);
  CHECK(numbers(queue.lease(12)) == std::vector{6, 7, 8, 9, 10});
  CHECK(numbers(queue.lease(12)) == std::vector{11, 12});
  // those that come back wait in line and not in the list
  for (const Lease& lease : leases) {
    CHECK(value(await(queue.broker->retry_later(lease.ref, now(), "again"))));
  }
  push(1, 8'000'000);
  leases = queue.lease(12);
  for (const std::vector<Lease> more = queue.lease(12); const Lease& lease : more) {
    leases.push_back(lease);
  }
  std::vector<int> all = numbers(leases);
  std::ranges::sort(all);
  CHECK(all == std::vector{1, 1, 2, 3, 4, 5});
  CHECK(queue.lease(12).empty());
}

TEST_CASE("LargeTasks: the largest that is taken is taken, alone or behind others") {
  SELVAGE_NEED_REDIS();
  QueueOn<OnRedis> queue(kForCelery);
  push(1, 1'000);
  push(2, 16'777'216);
  CHECK(queue.lease(9).size() == 1);
  const auto largest = queue.lease(9);
  REQUIRE(largest.size() == 1);
  CHECK(largest.front().payload.size() == 16'777'216);
  CHECK(value(await(queue.broker->retry_later(largest.front().ref, now(), "again"))));
  CHECK(queue.lease(9).size() == 1);
  CHECK(queue.lease(9).size() == 1);
  CHECK(dead_in(queue) == 0);
}

TEST_CASE("LargeTasks: what no worker can take is a dead letter that can be seen, and stays one") {
  SELVAGE_NEED_REDIS();
  QueueOn<OnRedis> queue;
  push(1, 80'000'000);
  push(1, 100);
  CHECK(queue.lease(2).size() == 1);
  auto dead = value(await(queue.broker->list(kQueue, "dead", 100, "")));
  REQUIRE(dead.size() == 1);
  CHECK(dead.front().reason == "the payload has 80000000 bytes");
  CHECK(dead.front().payload.starts_with("1,xxx"));
  CHECK(dead.front().payload.size() <= 1U << 20U);
  CHECK(value(await(queue.broker->find(kQueue, dead.front().id)))->state == "dead");

  CHECK(value(await(queue.broker->revive(kQueue, dead.front().id))));
  CHECK(queue.lease(2).empty());
  CHECK(dead_in(queue) == 1);
  dead = value(await(queue.broker->list(kQueue, "dead", 100, "")));
  REQUIRE(dead.size() == 1);
  CHECK(dead.front().reason == "the payload has 80000000 bytes");
}

TEST_CASE("LargeTasks: a hundred large ones can be listed, whatever their state") {
  SELVAGE_NEED_REDIS();
  QueueOn<OnRedis> queue(kForCelery);
  push(100, 900'000);
  CHECK(value(await(queue.broker->list(kQueue, "ready", 200, ""))).size() == 100);
  std::size_t taken = 0;
  while (taken < 100) {
    const auto leases = queue.lease(100);
    REQUIRE_FALSE(leases.empty());
    taken += leases.size();
    for (const Lease& lease : leases) CHECK(value(await(queue.broker->bury(lease.ref, "bad"))));
  }
  CHECK(value(await(queue.broker->list(kQueue, "dead", 200, ""))).size() == 100);
}

}  // namespace selvage::work
