// Taking turns: what one owner has queued must not decide when another is served.
#include "integration/work/redis_backend.hpp"

namespace selvage::work {

namespace {

using Ids = std::vector<std::string>;

NewTask of(std::string key, std::string id, int priority = 0) {
  return {.id = std::move(id),
          .queue = kQueue,
          .payload = "{}",
          .priority = priority,
          .run_at = std::nullopt,
          .fair_key = std::move(key)};
}

std::vector<NewTask> many(const std::string& key, int count) {
  std::vector<NewTask> tasks;
  for (int i = 0; i < count; ++i) tasks.push_back(of(key, key + "-" + std::to_string(i)));
  return tasks;
}

}  // namespace

BROKER_STORY("Broker: an owner with ten thousand tasks does not keep another with one waiting") {
  QueueOn<Backend> queue;
  queue.enqueue(many("b2b:big", 10'000));
  CHECK(queue.lease(5).size() == 5);
  queue.enqueue({of("b2c:small", "single"), of("", "nobody's")});
  const Ids next = ids(queue.lease(3));
  CHECK(next == Ids{"b2b:big-5", "single", "nobody's"});
  CHECK(ids(queue.lease(2)) == Ids{"b2b:big-6", "b2b:big-7"});
}

BROKER_STORY("Broker: three owners are served one task each in turn, in their own order") {
  QueueOn<Backend> queue;
  queue.enqueue(many("a", 4));
  queue.enqueue(many("b", 2));
  queue.enqueue(many("c", 3));
  CHECK(ids(queue.lease(20)) == Ids{"a-0", "b-0", "c-0", "a-1", "b-1", "c-1", "a-2", "c-2", "a-3"});
}

BROKER_STORY("Broker: turns are taken within a priority, and work of another does not lose them") {
  QueueOn<Backend> queue;
  queue.enqueue(many("big", 50));
  for (int i = 0; i < 200; ++i) {
    queue.enqueue({of("urgent", "u" + std::to_string(i), 0)});
    queue.enqueue({of("low", "l" + std::to_string(i), 5)});
  }
  CHECK(queue.lease(250).size() == 250);
  queue.enqueue({of("newcomer", "first", 5)});
  CHECK(ids(queue.lease(2)) == Ids{"l0", "first"});
}

BROKER_STORY("Broker: who waits for a retry takes its turn like the others when it is due") {
  ScopedClock clock(from_unix_ms(1'000'000));
  QueueOn<Backend> queue;
  queue.enqueue(many("a", 3));
  const Lease first = queue.lease_one();
  CHECK(value(await(queue.broker->retry_later(first.ref, now() + seconds(1), "again"))));
  queue.enqueue(many("b", 2));
  clock.advance(seconds(1));
  CHECK(ids(queue.lease(10)) == Ids{"a-1", "b-0", "a-2", "b-1", "a-0"});
}

BROKER_STORY("Broker: what comes back from a holder is next") {
  ScopedClock clock(from_unix_ms(1'000'000));
  QueueOn<Backend> queue;
  queue.enqueue(many("a", 2));
  queue.enqueue(many("b", 2));
  const auto leases = queue.lease(3, seconds(10));
  CHECK(ids(leases) == Ids{"a-0", "b-0", "a-1"});
  CHECK(value(await(queue.broker->hand_back(leases[1].ref, Timestamp{}))));
  clock.advance(seconds(10));
  Ids first = ids(queue.lease(3));
  std::ranges::sort(first);
  CHECK(first == Ids{"a-0", "a-1", "b-0"});
  CHECK(ids(queue.lease(10)) == Ids{"b-1"});
}

BROKER_STORY("Broker: from a paused queue nobody takes, and everything else goes on") {
  ScopedClock clock(from_unix_ms(1'000'000));
  QueueOn<Backend> queue;
  queue.enqueue(many("a", 2));
  const Lease held = queue.lease_one();
  value(await(queue.broker->pause(kQueue, true)));
  value(await(queue.broker->pause(kQueue, true)));
  CHECK(queue.lease(10).empty());
  queue.enqueue("c");
  CHECK(value(await(queue.broker->extend({held.ref}, seconds(10)))).empty());
  CHECK(value(await(queue.broker->complete(held.ref))));
  const auto depths = value(await(queue.broker->depths()));
  REQUIRE(depths.size() == 1);
  CHECK(depths[0].paused);
  CHECK(depths[0].ready == 2);

  value(await(queue.broker->pause(kQueue, false)));
  CHECK_FALSE(value(await(queue.broker->depths()))[0].paused);
  CHECK(ids(queue.lease(10)) == Ids{"a-1", "c"});
  CHECK(await(queue.broker->pause("", true)).error().code == "queue.name");
}

BROKER_STORY("Broker: nobody is woken for a paused queue, and all are when it goes on") {
  QueueOn<Backend> queue({.poll = seconds(30)});
  queue.enqueue("a");
  value(await(queue.broker->pause(kQueue, true)));
  const SteadyTime begin = steady_now();
  await(queue.broker->wait_for_work(kQueue, milliseconds(300), {}));
  CHECK(steady_now() - begin >= milliseconds(290));

  std::jthread operator_thread([&] {
    std::this_thread::sleep_for(milliseconds(100));
    value(await(queue.broker->pause(kQueue, false)));
  });
  const SteadyTime again = steady_now();
  await(queue.broker->wait_for_work(kQueue, seconds(20), {}));
  CHECK(steady_now() - again < seconds(10));
}

BROKER_STORY("Broker: a fair key has the bounds of a name") {
  QueueOn<Backend> queue;
  CHECK(queue.try_enqueue({of(std::string(201, 'x'), "a")}).error().code == "queue.name");
  CHECK(queue.try_enqueue({of("\xff", "a")}).error().code == "queue.name");
  queue.enqueue({of("b2b:store-1", "a")});
  CHECK(queue.find("a")->fair_key == "b2b:store-1");
}

}  // namespace selvage::work
