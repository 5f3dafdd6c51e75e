// Crashes and missing infrastructure at each boundary of a job. Nothing is paid twice, nothing is
// lost, nothing stays behind.
#include "integration/tryon/world.hpp"

using namespace selvage;
using namespace selvage::tryon;

namespace {

// Runs the next task into its simulated crash; its lease stays as a dead process would leave it.
Task<void> crash_once(World& world) {
  const work::Lease held = (co_await world.lease(seconds(15))).value();
  bool crashed = false;
  try {
    const work::Outcome outcome = co_await world.handler->handle(World::context(held));
    (void)outcome;
  } catch (const SimulatedCrash&) {
    crashed = true;
  }
  CHECK(crashed);
}

Task<void> crash_and_recover(World& world, ScopedClock& clock, int provider_calls) {
  const Session session = co_await world.accept(world.upload_request(world.user));
  co_await crash_once(world);
  clock.advance(seconds(16));
  const work::Outcome outcome = co_await world.work_once();
  CHECK(std::holds_alternative<work::Done>(outcome));
  const Session done = world.tables.find(session.id);
  CHECK(done.status == SessionStatus::completed);
  CHECK(world.provider.calls == provider_calls);
  CHECK(world.stored("results").size() == 1);
  CHECK(world.stored("inputs").empty());
  CHECK_FALSE((co_await world.lease()).has_value());
}

}  // namespace

TEST_CASE("Crash: after the store and before the settlement, the provider is not paid again") {
  World world;
  ScopedClock clock(from_unix_ms(1'800'000'000'000));
  SUBCASE("right after the store") {
    world.storage->after_put = [&world, puts = 0]() mutable {
      if (++puts == 3) world.storage->crash_after_put = true;  // two uploads, then the result
    };
  }
  SUBCASE("right before the commit") { world.database.crash_write(1); }
  world.run(crash_and_recover(world, clock, 1));
  world.check_exact(8);
}

TEST_CASE("Crash: before the session has begun, the job simply runs later") {
  World world;
  ScopedClock clock(from_unix_ms(1'800'000'000'000));
  world.database.crash_write(0);
  world.run(crash_and_recover(world, clock, 1));
  world.check_exact(8);
}

TEST_CASE("Crash: after the settlement, the next holder only tidies") {
  World world;
  ScopedClock clock(from_unix_ms(1'800'000'000'000));
  world.storage->crash_on_remove = true;
  world.run(crash_and_recover(world, clock, 1));
  world.check_exact(8);
}

namespace {

Task<void> poison(World& world, bool result_exists) {
  const Session session = co_await world.accept(world.upload_request(world.user));
  world.tables.write([&](data::Transaction& tx) {
    return begin_processing(tx, Channel::b2c, session.id, session.task_id, 1);
  });
  if (result_exists) {
    const auto put = co_await world.disk->put(result_key(session.owner, session.id, "jpg"),
                                              encoded_picture(), "image/jpeg");
    REQUIRE(put.has_value());
  }
  work::Lease held = (co_await world.lease()).value();
  held.ref.token = 6;
  co_await world.handler->give_up(World::context(held), "handed out 6 times");
  const Session over = world.tables.find(session.id);
  CHECK(over.status == (result_exists ? SessionStatus::completed : SessionStatus::failed));
  if (!result_exists) CHECK(over.error_code == "worker_crashed");
  CHECK(world.provider.calls == 0);
}

}  // namespace

TEST_CASE("Crash: a job that keeps killing its workers fails with a refund") {
  World world;
  world.run(poison(world, false));
  world.check_exact(10);
}

TEST_CASE("Crash: a poisonous job whose picture exists is completed instead") {
  World world;
  world.run(poison(world, true));
  world.check_exact(8);
}

namespace {

Task<void> full_disk_at_begin(World& world, ScopedClock& clock) {
  const Session session = co_await world.accept(world.upload_request(world.user));
  world.database.fail_write(0);
  const work::Outcome outcome = co_await world.work_once();
  REQUIRE(std::holds_alternative<work::RetryLater>(outcome));
  CHECK(std::get<work::RetryLater>(outcome).reason.starts_with("db.full"));
  CHECK(world.tables.find(session.id).status == SessionStatus::queued);
  world.check_exact(8);
  clock.advance(seconds(20));
  const work::Outcome next = co_await world.work_once();
  CHECK(std::holds_alternative<work::Done>(next));
  CHECK(world.tables.find(session.id).status == SessionStatus::completed);
}

Task<void> storage_away_while_loading(World& world, ScopedClock& clock) {
  const Session session = co_await world.accept(world.upload_request(world.user));
  world.storage->unreadable = true;
  for (int i = 0; i < 3; ++i) {
    const work::Outcome outcome = co_await world.work_once();
    REQUIRE(std::holds_alternative<work::RetryLater>(outcome));
    CHECK(world.tables.find(session.id).status == SessionStatus::processing);
    world.check_exact(8);
    clock.advance(seconds(60));
  }
  world.storage->unreadable = false;
  const work::Outcome outcome = co_await world.work_once();
  CHECK(std::holds_alternative<work::Done>(outcome));
  CHECK(world.tables.find(session.id).status == SessionStatus::completed);
}

// The limit is away for longer than a run waits, when a first or a further turn is asked for.
Task<void> limit_stays_away(World& world, ScopedClock& clock, int turns_before) {
  const Session session = co_await world.accept(world.upload_request(world.user));
  world.turns.good_takes = turns_before;
  world.turns.failing_takes = 1'000;
  const work::Outcome outcome = co_await world.work_once();
  REQUIRE(std::holds_alternative<work::RetryLater>(outcome));
  CHECK(std::get<work::RetryLater>(outcome).reason.starts_with("redis.unavailable"));
  CHECK(world.provider.calls == turns_before);
  CHECK(world.tables.find(session.id).status == SessionStatus::processing);
  world.check_exact(8);
  world.turns.failing_takes = 0;
  clock.advance(seconds(20));
  const work::Outcome next = co_await world.work_once();
  CHECK(std::holds_alternative<work::Done>(next));
  CHECK(world.tables.find(session.id).status == SessionStatus::completed);
}

Task<void> complete_in_spite_of(World& world, std::function<void()> trouble) {
  const Session session = co_await world.accept(world.upload_request(world.user));
  trouble();
  const work::Outcome outcome = co_await world.work_once();
  CHECK(std::holds_alternative<work::Done>(outcome));
  CHECK(world.tables.find(session.id).status == SessionStatus::completed);
  CHECK(world.provider.calls == 1);
}

}  // namespace

TEST_CASE("Infrastructure: a full disk at the start postpones the job and refunds nothing") {
  World world;
  ScopedClock clock(from_unix_ms(1'800'000'000'000));
  world.run(full_disk_at_begin(world, clock));
  world.check_exact(8);
}

TEST_CASE("Infrastructure: storage that is away postpones the job as often as it takes") {
  World world;
  ScopedClock clock(from_unix_ms(1'800'000'000'000));
  world.run(storage_away_while_loading(world, clock));
  world.check_exact(8);
}

TEST_CASE("Infrastructure: a picture that was paid for is stored as soon as the disk has room") {
  World world;
  world.run(complete_in_spite_of(world, [&] { world.storage->failing_puts = 2; }));
  world.check_exact(8);
}

TEST_CASE("Infrastructure: a settlement that could not be written is written again") {
  World world;
  world.run(complete_in_spite_of(world, [&] { world.database.fail_write(1); }));
  world.check_exact(8);
}

TEST_CASE("Infrastructure: a limit that is away for a moment is waited for, and nobody calls") {
  World world(6'000);
  world.run(complete_in_spite_of(world, [&] { world.turns.failing_takes = 2; }));
  CHECK(world.turns.failing_takes == 0);
  world.check_exact(8);
}

TEST_CASE("Infrastructure: a second try of a call waits for the limit as the first does") {
  World world(6'000);
  world.provider.script({ScriptedProvider::SecondTry{}});
  world.run(complete_in_spite_of(world, [&] {
    world.turns.good_takes = 1;
    world.turns.failing_takes = 2;
  }));
  CHECK(world.turns.failing_takes == 0);
  world.check_exact(8);
}

TEST_CASE("Infrastructure: a limit that stays away postpones the job and refunds nothing") {
  for (const int turns_before : {0, 1}) {
    CAPTURE(turns_before);
    World world(6'000);
    world.provider.script({ScriptedProvider::SecondTry{}, ScriptedProvider::Answer{}});
    if (turns_before == 0) world.provider.script({});
    ScopedClock clock(from_unix_ms(1'800'000'000'000));
    world.run(limit_stays_away(world, clock, turns_before));
    world.check_exact(8);
  }
}
