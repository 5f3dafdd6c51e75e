// A limit on what one owner runs at once.
#include <random>
#include <set>

#include "integration/work/redis_backend.hpp"

namespace selvage::work {

namespace {

using Ids = std::vector<std::string>;

NewTask of(std::string key, std::string id) {
  return {.id = std::move(id),
          .queue = kQueue,
          .payload = "{}",
          .run_at = std::nullopt,
          .fair_key = std::move(key)};
}

std::vector<NewTask> many(const std::string& key, int count) {
  std::vector<NewTask> tasks;
  for (int i = 0; i < count; ++i) tasks.push_back(of(key, key + "-" + std::to_string(i)));
  return tasks;
}

}  // namespace

BROKER_STORY("Broker: an owner has no more leases at once than it may, and others pass by") {
  QueueOn<Backend> queue({.per_key_concurrency = 2});
  queue.enqueue(many("a", 5));
  queue.enqueue(many("b", 3));
  queue.enqueue({of("", "x"), of("", "y"), of("", "z")});
  const auto leases = queue.lease(20);
  Ids got = ids(leases);
  std::ranges::sort(got);
  CHECK(got == Ids{"a-0", "a-1", "b-0", "b-1", "x", "y", "z"});
  CHECK(queue.lease(20).empty());
  const auto depths = value(await(queue.broker->depths()));
  REQUIRE(depths.size() == 1);
  CHECK(depths[0].ready == 4);
  CHECK(depths[0].leased == 7);
  CHECK(queue.find("a-4")->state == "ready");

  const auto lease_of = [&](const std::string& id) {
    return std::ranges::find(leases, id, [](const Lease& lease) { return lease.ref.task_id; })->ref;
  };
  CHECK(value(await(queue.broker->complete(lease_of("a-0")))));
  CHECK(ids(queue.lease(20)) == Ids{"a-2"});
  CHECK(value(await(queue.broker->bury(lease_of("b-0"), "broken"))));
  CHECK(ids(queue.lease(20)) == Ids{"b-2"});
  CHECK(value(await(queue.broker->retry_later(lease_of("a-1"), now() + seconds(60), "busy"))));
  CHECK(ids(queue.lease(20)) == Ids{"a-3"});
}

BROKER_STORY("Broker: a lease that lapses or is handed back makes room for its owner") {
  ScopedClock clock(from_unix_ms(1'000'000));
  QueueOn<Backend> queue({.per_key_concurrency = 1});
  queue.enqueue(many("a", 3));
  const Lease first = queue.lease_one(seconds(10));
  CHECK(queue.lease(5).empty());
  CHECK(value(await(queue.broker->hand_back(first.ref, Timestamp{}))));
  CHECK(ids(queue.lease(5, seconds(10))) == Ids{"a-0"});
  CHECK(queue.lease(5).empty());
  clock.advance(seconds(10));
  const Lease again = queue.lease_one(seconds(10));
  CHECK(again.ref.task_id == "a-0");
  CHECK(again.deliveries == 2);
  CHECK(value(await(queue.broker->complete(again.ref))));
  CHECK(ids(queue.lease(5)) == Ids{"a-1"});
}

BROKER_STORY("Broker: ten thousand tasks over an owner's limit do not slow the others' claims") {
  QueueOn<Backend> queue({.per_key_concurrency = 1});
  queue.enqueue(many("big", 10'000));
  CHECK(queue.lease(1).size() == 1);
  while (true) {  // claims park what is over the limit, some of it each
    const auto before = value(await(queue.broker->depths()))[0].ready;
    CHECK(queue.lease(5).empty());
    if (before == 9'999) break;
  }
  for (int i = 0; i < 60; ++i) CHECK(queue.lease(5).empty());
  queue.enqueue({of("small", "single")});
  const SteadyTime begin = steady_now();
  CHECK(ids(queue.lease(5)) == Ids{"single"});
  CHECK(steady_now() - begin < seconds(5));
}

BROKER_STORY("Broker: a limit that was lifted lets all in that it kept out") {
  QueueOn<Backend> limited({.per_key_concurrency = 1});
  limited.enqueue(many("a", 4));
  CHECK(limited.lease(10).size() == 1);
  Backend lifted(*limited.database, {.per_key_concurrency = 0}, limited.backend);
  const auto others = [&] {
    return ids(value(await(lifted.broker->lease(kQueue, "worker-2", 10, seconds(10)))));
  };
  Ids got;
  CHECK(testing::wait_until(
      [&] {
        std::ranges::move(others(), std::back_inserter(got));
        return got.size() == 3;
      },
      seconds(30)));
  std::ranges::sort(got);
  CHECK(got == Ids{"a-1", "a-2", "a-3"});
}

BROKER_STORY(
    "Broker: over random claims and ends no owner ever exceeds its limit, and all are run") {
  constexpr std::size_t kLimit = 3;
  std::mt19937 random(5);
  const auto pick = [&](int low, int high) {
    return std::uniform_int_distribution(low, high)(random);
  };
  QueueOn<Backend> queue({.per_key_concurrency = kLimit});
  const Ids keys{"a", "b", "c", ""};
  for (const std::string& key : keys) queue.enqueue(many(key, 60));
  std::map<std::string, std::vector<LeaseRef>> held;
  std::set<std::string> done;
  while (done.size() < 4 * 60) {
    for (const Lease& lease : queue.lease(static_cast<std::size_t>(pick(1, 8)))) {
      const std::string key = lease.ref.task_id.substr(0, lease.ref.task_id.find('-'));
      held[key].push_back(lease.ref);
      if (!key.empty()) REQUIRE(held[key].size() <= kLimit);
    }
    for (auto& [key, refs] : held) {
      if (refs.empty() || pick(0, 1) == 0) continue;
      const LeaseRef ref = refs.back();
      refs.pop_back();
      if (pick(0, 3) == 0) {
        REQUIRE(value(await(queue.broker->hand_back(ref, Timestamp{}))));
      } else {
        REQUIRE(value(await(queue.broker->complete(ref))));
        REQUIRE(done.insert(ref.task_id).second);
      }
    }
  }
  CHECK(queue.lease(8).empty());
}

}  // namespace selvage::work
