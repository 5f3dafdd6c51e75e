// What a broker promises, told on each back end.
#include "integration/work/redis_backend.hpp"

namespace selvage::work {

namespace {

using Ids = std::vector<std::string>;

NewTask task(std::string id, int priority = 0, std::optional<Timestamp> run_at = {}) {
  return {.id = std::move(id),
          .queue = kQueue,
          .payload = "payload",
          .priority = priority,
          .run_at = run_at};
}

}  // namespace

BROKER_STORY("Broker: a task goes to one worker and is gone when it is complete") {
  QueueOn<Backend> queue;
  queue.enqueue({{.id = "a", .queue = kQueue, .payload = "{\"x\": 1}"}});
  const Lease lease = queue.lease_one();
  CHECK(lease.ref.task_id == "a");
  CHECK(lease.ref.queue == kQueue);
  CHECK(lease.ref.token > 0);
  if (Backend::kCountsTokens) CHECK(lease.ref.token == 1);
  CHECK(lease.payload == "{\"x\": 1}");
  CHECK(lease.deliveries == 1);
  CHECK(lease.retries == 0);
  CHECK(queue.lease(10).empty());

  CHECK(value(await(queue.broker->complete(lease.ref))));
  CHECK_FALSE(queue.find("a"));
  CHECK_FALSE(value(await(queue.broker->complete(lease.ref))));
}

BROKER_STORY("Broker: the old holder of a lapsed lease can do nothing once another has the task") {
  ScopedClock clock(from_unix_ms(1'000'000));
  QueueOn<Backend> queue;
  queue.enqueue("a");
  const Lease old = queue.lease_one(seconds(10), "old");
  clock.advance(milliseconds(9'999));
  CHECK(queue.lease(1, seconds(10), "new").empty());
  clock.advance(milliseconds(1));
  const Lease newer = queue.lease_one(seconds(10), "new");
  CHECK(newer.ref.token > old.ref.token);
  CHECK(newer.deliveries == 2);
  CHECK(newer.due_at == old.due_at);

  CHECK_FALSE(value(await(queue.broker->complete(old.ref))));
  CHECK_FALSE(value(await(queue.broker->retry_later(old.ref, now(), "late"))));
  CHECK_FALSE(value(await(queue.broker->hand_back(old.ref, Timestamp{}))));
  CHECK_FALSE(value(await(queue.broker->bury(old.ref, "late"))));
  CHECK(value(await(queue.broker->extend({old.ref, newer.ref}, seconds(10)))).size() == 1);
  CHECK(queue.find("a")->holder == "new");
  CHECK(value(await(queue.broker->complete(newer.ref))));
}

BROKER_STORY("Broker: a holder who is late keeps the task as long as nobody else took it") {
  ScopedClock clock(from_unix_ms(1'000'000));
  QueueOn<Backend> queue;
  queue.enqueue("a");
  const Lease lease = queue.lease_one(seconds(10));
  clock.advance(seconds(60));
  CHECK(value(await(queue.broker->extend({lease.ref}, seconds(10)))).empty());
  CHECK(queue.lease(1).empty());
  CHECK(value(await(queue.broker->complete(lease.ref))));
}

BROKER_STORY("Broker: extending tells which leases are lost and lengthens the rest") {
  ScopedClock clock(from_unix_ms(1'000'000));
  QueueOn<Backend> queue;
  for (const char* id : {"a", "b", "c"}) queue.enqueue(id);
  const auto leases = queue.lease(3, seconds(10));
  CHECK(value(await(queue.broker->complete(leases[1].ref))));
  clock.advance(seconds(8));
  std::vector<LeaseRef> held;
  for (const Lease& lease : leases) held.push_back(lease.ref);
  held.push_back({.task_id = "never was", .queue = kQueue, .token = 1});

  const auto lost = value(await(queue.broker->extend(held, seconds(10))));
  REQUIRE(lost.size() == 2);
  CHECK(lost[0].task_id == "b");
  CHECK(lost[1].task_id == "never was");
  clock.advance(seconds(8));
  CHECK(queue.lease(3).empty());
  clock.advance(seconds(2));
  CHECK(ids(queue.lease(3)) == Ids{"a", "c"});
}

BROKER_STORY("Broker: a clock that is set back keeps neither a dead worker's task nor a retry") {
  ScopedClock clock(from_unix_ms(1'000'000'000));
  QueueOn<Backend> queue;
  queue.enqueue("held");
  queue.enqueue("later");
  const Lease held = queue.lease_one(seconds(10), "dead");
  const Lease later = queue.lease_one(seconds(10), "other");
  CHECK(value(await(queue.broker->retry_later(later.ref, now() + seconds(30), "busy"))));

  clock.advance(-std::chrono::hours(24));
  CHECK(queue.lease(2).empty());
  clock.advance(milliseconds(9'999));
  CHECK(queue.lease(2).empty());
  clock.advance(milliseconds(1));
  CHECK(ids(queue.lease(2, seconds(60))) == Ids{"held"});
  clock.advance(milliseconds(19'999));
  CHECK(queue.lease(2).empty());
  clock.advance(milliseconds(1));
  CHECK(ids(queue.lease(2)) == Ids{"later"});
}

BROKER_STORY("Broker: a live worker keeps its task when the clock is set back") {
  ScopedClock clock(from_unix_ms(1'000'000'000));
  QueueOn<Backend> queue;
  queue.enqueue("a");
  const Lease lease = queue.lease_one(seconds(30));
  clock.advance(-std::chrono::hours(24));
  CHECK(queue.lease(1, seconds(10)).empty());
  clock.advance(seconds(20));  // a lease of thirty is extended each ten
  CHECK(queue.lease(1, seconds(10)).empty());
  CHECK(value(await(queue.broker->extend({lease.ref}, seconds(30)))).empty());
  clock.advance(seconds(29));
  CHECK(queue.lease(1, seconds(10)).empty());
  CHECK(value(await(queue.broker->complete(lease.ref))));
}

BROKER_STORY("Broker: the best priority goes first, then who came first") {
  ScopedClock clock(from_unix_ms(1'000'000));
  QueueOn<Backend> queue;
  queue.enqueue({task("late-9", 9), task("first-3", 3), task("second-3", 3), task("b-0", 0)});
  clock.advance(milliseconds(1));
  queue.enqueue({task("a-0", 0), task("third-3", 3)});
  CHECK(ids(queue.lease(2)) == Ids{"b-0", "a-0"});
  CHECK(ids(queue.lease(10)) == Ids{"first-3", "second-3", "third-3", "late-9"});
}

BROKER_STORY("Broker: tasks of one millisecond keep their order, also among many") {
  ScopedClock clock(from_unix_ms(1'000'000));
  QueueOn<Backend> queue;
  std::vector<NewTask> tasks;
  Ids wanted;
  for (int i = 0; i < 300; ++i) {
    wanted.push_back(std::to_string((i * 7919) % 300));  // neither sorted as text nor as number
    tasks.push_back(task(wanted.back()));
  }
  queue.enqueue(tasks);
  Ids got;
  while (got.size() < 300) {
    for (std::string& id : ids(queue.lease(37))) got.push_back(std::move(id));
  }
  CHECK(got == wanted);
}

BROKER_STORY("Broker: a delayed task is not handed out before its time") {
  ScopedClock clock(from_unix_ms(1'000'000));
  QueueOn<Backend> queue;
  queue.enqueue({task("later", 0, now() + seconds(5)), task("now", 9)});
  CHECK(ids(queue.lease(10)) == Ids{"now"});
  CHECK(queue.find("later")->state == "delayed");
  clock.advance(milliseconds(4'999));
  CHECK(queue.lease(10).empty());
  clock.advance(milliseconds(1));
  CHECK(queue.find("later")->state == "ready");
  const Lease lease = queue.lease_one();
  CHECK(lease.due_at - lease.enqueued_at == seconds(5));
}

BROKER_STORY(
    "Broker: a retry is counted and waits, a hand-back is not counted and waits if asked to") {
  ScopedClock clock(from_unix_ms(1'000'000));
  QueueOn<Backend> queue;
  queue.enqueue("a");
  const Lease first = queue.lease_one();
  CHECK(value(await(queue.broker->retry_later(first.ref, now() + seconds(10), "rate limited"))));
  CHECK(queue.lease(1).empty());
  CHECK(queue.find("a")->reason == "rate limited");
  CHECK(queue.find("a")->holder.empty());
  clock.advance(seconds(10));

  const Lease second = queue.lease_one();
  CHECK(second.retries == 1);
  CHECK(second.deliveries == 2);
  CHECK(value(await(queue.broker->hand_back(second.ref, Timestamp{}))));

  const Lease third = queue.lease_one();
  CHECK(third.retries == 1);
  CHECK(third.deliveries == 2);
  CHECK(third.ref.token > second.ref.token);
  CHECK(third.due_at == second.due_at);

  const Timestamp early_until = now() + seconds(10);
  CHECK(value(await(queue.broker->hand_back(third.ref, early_until))));
  clock.advance(milliseconds(9'999));
  CHECK(queue.lease(1).empty());
  clock.advance(milliseconds(1));
  const Lease fourth = queue.lease_one();
  CHECK(fourth.retries == 1);
  CHECK(fourth.deliveries == 2);
  CHECK(fourth.due_at == early_until);
}

BROKER_STORY(
    "Broker: dead letters keep their reason, can be revived with fresh counters, or dropped") {
  QueueOn<Backend> queue;
  queue.enqueue("a");
  queue.enqueue("b");
  const auto leases = queue.lease(2);
  for (const Lease& lease : leases) {
    CHECK(value(await(queue.broker->bury(lease.ref, "bug: it broke"))));
  }
  CHECK(queue.lease(1).empty());
  const auto dead = value(await(queue.broker->list(kQueue, "dead", 10, "")));
  REQUIRE(dead.size() == 2);
  CHECK(dead[0].reason == "bug: it broke");
  CHECK(dead[0].holder.empty());
  CHECK(queue.try_enqueue({task("a")}).error().code == "queue.duplicate");

  CHECK(value(await(queue.broker->revive(kQueue, "a"))));
  CHECK_FALSE(value(await(queue.broker->revive(kQueue, "a"))));
  CHECK(value(await(queue.broker->discard_dead(kQueue, "b"))));
  CHECK_FALSE(value(await(queue.broker->discard_dead(kQueue, "b"))));
  CHECK_FALSE(value(await(queue.broker->discard_dead(kQueue, "a"))));
  const Lease again = queue.lease_one();
  CHECK(again.deliveries == 1);
  CHECK(again.retries == 0);
  CHECK(again.ref.token > leases[0].ref.token);  // a revived task's old holder stays fenced
}

BROKER_STORY("Broker: a duplicate id refuses the whole transaction") {
  QueueOn<Backend> queue;
  queue.enqueue("a");
  const auto refused = queue.try_enqueue({task("b"), task("a")});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == "queue.duplicate");
  CHECK(refused.error().kind == ErrorKind::conflict);
  CHECK_FALSE(queue.find("b"));
  queue.enqueue({{.id = "a", .queue = "another", .payload = ""}});
}

BROKER_STORY("Broker: what cannot be kept is refused with its reason") {
  QueueOn<Backend> queue;
  CHECK(queue.try_enqueue({task("a", 10)}).error().code == "queue.priority");
  CHECK(queue.try_enqueue({task("a", -1)}).error().code == "queue.priority");
  CHECK(queue.try_enqueue({task("")}).error().code == "queue.name");
  CHECK(queue.try_enqueue({task(std::string(201, 'x'))}).error().code == "queue.name");
  CHECK(queue.try_enqueue({task("\xff")}).error().code == "queue.name");
  NewTask large = task("large");
  large.payload.assign(kMaxPayload, 'x');
  queue.enqueue({large});
  CHECK(queue.lease_one().payload.size() == kMaxPayload);
  large.id = "larger";
  large.payload += 'x';
  const auto refused = queue.try_enqueue({large});
  CHECK(refused.error().code == "queue.payload_too_large");
  CHECK(refused.error().kind == ErrorKind::too_large);
}

BROKER_STORY("Broker: a full queue refuses, and takes again when there is room") {
  QueueOn<Backend> queue({.max_ready = 10});
  for (int i = 0; i < 10; ++i) queue.enqueue({task(std::to_string(i), 0, now() + seconds(i / 5))});
  const auto refused = queue.try_enqueue({task("one more")});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == "queue.full");
  CHECK(refused.error().kind == ErrorKind::rate_limited);
  queue.enqueue({{.id = "one more", .queue = "another", .payload = ""}});
  CHECK(queue.lease(1).size() == 1);
  CHECK(queue.try_enqueue({task("x"), task("y")}).error().code == "queue.full");
  // a broker elsewhere knows its depth as it was a moment ago
  CHECK(testing::wait_until([&] { return queue.try_enqueue({task("one more")}).has_value(); },
                            seconds(30)));
  CHECK(queue.try_enqueue({task("x")}).error().code == "queue.full");
}

BROKER_STORY("Broker: tasks exist if and only if their transaction commits") {
  QueueOn<Backend> queue;
  const auto done = queue.database->write_blocking([&](data::Transaction& tx) -> Result<void> {
    const NewTask tasks[] = {task("a")};
    TRY(queue.broker->enqueue(tx, tasks));
    return fail(ErrorKind::no_credits, "credits.insufficient", "no credits");
  });
  CHECK(done.error().code == "credits.insufficient");
  CHECK_FALSE(queue.find("a"));
  CHECK(queue.lease(1).empty());
}

BROKER_STORY("Broker: alive are those that wait or are held, not the dead and the unknown") {
  QueueOn<Backend> queue;
  queue.enqueue(
      {task("dead"), task("held"), task("ready"), task("delayed", 0, now() + seconds(9))});
  const auto leases = queue.lease(2);
  CHECK(value(await(queue.broker->bury(leases[0].ref, "x"))));
  auto alive = value(
      await(queue.broker->alive(kQueue, {"dead", "held", "ready", "delayed", "unknown", "\"'"})));
  std::ranges::sort(alive);
  CHECK(alive == Ids{"delayed", "held", "ready"});
  CHECK(value(await(queue.broker->alive("another", {"ready"}))).empty());
  CHECK(value(await(queue.broker->alive(kQueue, {}))).empty());
}

BROKER_STORY("Broker: depths and lists show what operators look for") {
  ScopedClock clock(from_unix_ms(1'000'000));
  QueueOn<Backend> queue;
  queue.enqueue({task("a"), task("b"), task("c"), task("d", 0, now() + seconds(60))});
  queue.enqueue({{.id = "z", .queue = "other", .payload = ""}});
  const auto leases = queue.lease(2);
  CHECK(value(await(queue.broker->bury(leases[0].ref, "x"))));
  clock.advance(seconds(3));

  const auto depths = value(await(queue.broker->depths()));
  REQUIRE(depths.size() == 2);
  CHECK(depths[0].queue == "other");
  CHECK(depths[1].queue == kQueue);
  CHECK(depths[1].ready == 1);
  CHECK(depths[1].delayed == 1);
  CHECK(depths[1].leased == 1);
  CHECK(depths[1].dead == 1);
  CHECK(depths[1].oldest_ready == seconds(3));

  const auto listed = [&](std::string state, std::size_t limit, std::string after) {
    Ids all;
    for (const TaskView& view : value(await(queue.broker->list(kQueue, state, limit, after)))) {
      all.push_back(view.id);
    }
    return all;
  };
  CHECK(listed("", 10, "") == Ids{"a", "b", "c", "d"});
  CHECK(listed("", 2, "a") == Ids{"b", "c"});
  CHECK(listed("dead", 10, "") == Ids{"a"});
  CHECK(listed("leased", 10, "") == Ids{"b"});
  CHECK(listed("ready", 10, "") == Ids{"c"});
  CHECK(listed("delayed", 10, "") == Ids{"d"});
  CHECK(await(queue.broker->list(kQueue, "lost", 10, "")).error().code == "queue.state");
  CHECK(queue.find("b")->lease_until == now() + seconds(7));
  CHECK_FALSE(queue.find("nobody"));
}

BROKER_STORY("Broker: the soonest of those that wait for their time, and whether there are more") {
  ScopedClock clock(from_unix_ms(1'000'000));
  QueueOn<Backend> queue;
  queue.enqueue({task("late", 0, now() + seconds(60)), task("now"),
                 task("soon", 9, now() + seconds(5)), task("soonest", 0, now() + seconds(1)),
                 task("next", 3, now() + seconds(3))});
  queue.enqueue({{.id = "z", .queue = "other", .payload = "", .run_at = now() + seconds(1)}});
  const auto soonest = [&](std::size_t limit, bool more) {
    Ids all;
    const SoonestTasks found = value(await(queue.broker->soonest(kQueue, limit)));
    CHECK(found.more == more);
    for (const TaskView& view : found.tasks) {
      CHECK(view.state == "delayed");
      CHECK(view.payload == "payload");
      all.push_back(view.id);
    }
    return all;
  };
  CHECK(soonest(2, true) == Ids{"soonest", "next"});
  CHECK(soonest(4, false) == Ids{"soonest", "next", "soon", "late"});
  clock.advance(seconds(2));
  CHECK(soonest(1'000, false) == Ids{"next", "soon", "late"});
  CHECK(value(await(queue.broker->soonest("nowhere", 5))).tasks.empty());

  // as many as fit
  const std::string large(200'000, 'x');
  for (int i = 0; i < 50; ++i) {
    queue.enqueue({{.id = fmt::format("{}", i),
                    .queue = "large",
                    .payload = large,
                    .run_at = now() + seconds(60 + i)}});
  }
  const SoonestTasks some = value(await(queue.broker->soonest("large", 100)));
  CHECK(some.tasks.size() == kMaxSoonestBytes / large.size());
  CHECK(some.tasks.front().id == "0");
  CHECK(some.more);
}

BROKER_STORY("Broker: a long reason is cut between characters") {
  QueueOn<Backend> queue;
  queue.enqueue("a");
  std::string reason(1999, 'x');
  reason += "\u00e9 and more";
  CHECK(value(await(queue.broker->bury(queue.lease_one().ref, reason))));
  CHECK(queue.find("a")->reason == std::string(1999, 'x'));
}

}  // namespace selvage::work
