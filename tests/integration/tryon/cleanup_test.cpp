#include "tryon/cleanup.hpp"

#include "integration/tryon/world.hpp"

using namespace selvage;
using namespace selvage::tryon;

namespace {

Task<std::size_t> clean(World& world) {
  const Result<std::size_t> failed = co_await fail_stuck_sessions(
      *world.tables, *world.broker, std::string(kQueue), seconds(120), world.metrics,
      [&world](const Session& session) { world.changes.push_back(session.id); });
  REQUIRE_MESSAGE(failed.has_value(), failed.error().describe());
  co_return *failed;
}

void stuck_session(World& world, const std::string& id) {
  world.tables.write([&](data::Transaction& tx) -> Result<void> {
    TRY(insert_session(tx, queued_session(id, world.user, 2)));
    return charge(tx, world.user, id, {2});
  });
}

Task<void> stuck_and_held(World& world, ScopedClock& clock) {
  const Session waiting = co_await world.accept(world.upload_request(world.store));
  const Session held = co_await world.accept(world.upload_request(world.store));
  const work::Lease lease = (co_await world.lease(seconds(1000))).value();
  const std::string held_id = lease.ref.task_id == held.task_id ? held.id : waiting.id;
  world.tables.write([&](data::Transaction& tx) {
    return begin_processing(tx, Channel::b2b, held_id, lease.ref.task_id, lease.ref.token);
  });
  stuck_session(world, "stuck");
  clock.advance(seconds(60));
  CHECK(co_await clean(world) == 0);  // too young
  stuck_session(world, "young");
  clock.advance(seconds(61));
  CHECK(co_await clean(world) == 1);
  CHECK(world.changes == std::vector<std::string>{"stuck"});
  CHECK(world.tables.find("stuck").error_code == "abandoned");
  CHECK(world.tables.find("young").status == SessionStatus::queued);
  CHECK(world.tables.find(waiting.id).status != SessionStatus::failed);
  CHECK(world.tables.find(held.id).status != SessionStatus::failed);
  CHECK(co_await clean(world) == 0);
}

// A lapsed lease is no lost task: the queue still has it and will hand it out again.
Task<void> lapsed(World& world, ScopedClock& clock) {
  const Session session = co_await world.accept(world.upload_request(world.user));
  const work::Lease lease = (co_await world.lease(seconds(15))).value();
  world.tables.write([&](data::Transaction& tx) {
    return begin_processing(tx, Channel::b2c, session.id, session.task_id, lease.ref.token);
  });
  clock.advance(seconds(600));
  CHECK(co_await clean(world) == 0);
  const work::Outcome outcome = co_await world.work_once();
  CHECK(std::holds_alternative<work::Done>(outcome));
  CHECK(world.tables.find(session.id).status == SessionStatus::completed);
}

Task<void> many(World& world, ScopedClock& clock) {
  world.tables.grant(world.user, 3000);
  world.tables.write([&](data::Transaction& tx) -> Result<void> {
    for (int i = 0; i < 1200; ++i) {
      const std::string id = "s" + std::to_string(i);
      TRY(insert_session(tx, queued_session(id, world.user, 2)));
      TRY(charge(tx, world.user, id, {2}));
      if (i % 3 != 0) {
        const work::NewTask task{"task-" + id, std::string(kQueue), "{}", 0, std::nullopt};
        TRY(world.broker->enqueue(tx, {&task, 1}));
      }
    }
    return {};
  });
  clock.advance(seconds(121));
  CHECK(co_await clean(world) == 400);
}

}  // namespace

TEST_CASE("Clean-up: fails and refunds what nobody works on, never what waits or is held") {
  World world;
  ScopedClock clock(from_unix_ms(1'800'000'000'000));
  world.run(stuck_and_held(world, clock));
  world.check_exact(8, 6);
}

TEST_CASE("Clean-up: leaves a job whose worker died to the next worker") {
  World world;
  ScopedClock clock(from_unix_ms(1'800'000'000'000));
  world.run(lapsed(world, clock));
  world.check_exact(8);
}

TEST_CASE("Clean-up: finds every stuck session behind any number of healthy ones") {
  World world;
  ScopedClock clock(from_unix_ms(1'800'000'000'000));
  world.run(many(world, clock));
  world.check_exact(3010 - 1600);
}

namespace {

Task<std::size_t> sweep(World& world) {
  const Result<std::size_t> removed =
      co_await sweep_inputs(*world.tables, *world.storage, std::chrono::hours(24));
  REQUIRE_MESSAGE(removed.has_value(), removed.error().describe());
  co_return *removed;
}

Task<void> put(World& world, std::string key) {
  const Result<void> done =
      co_await world.disk->put(std::move(key), encoded_picture(), "image/jpeg");
  REQUIRE(done.has_value());
}

Task<void> sweeping(World& world, ScopedClock& clock) {
  world.provider.script({provider_error(ProviderFailure::moderation), ScriptedProvider::Answer{}});
  const Session failed = co_await world.accept(world.upload_request(world.user));
  co_await world.work_once();
  const Session completed = co_await world.accept(world.upload_request(world.user));
  co_await world.work_once();
  const Session queued = co_await world.accept(world.upload_request(world.user));
  const std::string stamp = std::to_string(to_unix_ms(now()) / 1000);
  co_await put(world, inputs_prefix(completed.id) + stamp + "-x-person.jpg");  // a crash left it
  co_await put(world, inputs_prefix("unknown") + stamp + "-x-person.jpg");
  co_await put(world, inputs_prefix("foreign") + "person.jpg");
  CHECK(world.stored("inputs").size() == 7);

  CHECK(co_await sweep(world) == 1);  // the completed one's
  clock.advance(std::chrono::hours(2));
  CHECK(co_await sweep(world) == 1);  // the orphan
  clock.advance(std::chrono::hours(22));
  CHECK(co_await sweep(world) == 2);  // the failed one's
  CHECK(co_await sweep(world) == 0);
  CHECK(world.stored("inputs/" + queued.id).size() == 2);
  CHECK(world.stored("inputs/" + failed.id).empty());
}

}  // namespace

TEST_CASE("Sweep: pictures go when their job is completed, failed long ago, or does not exist") {
  World world;
  ScopedClock clock(from_unix_ms(1'800'000'000'000));
  world.run(sweeping(world, clock));
  world.check_exact(6);
}

namespace {

Task<void> forgetting(World& world, ScopedClock& clock) {
  JobRequest request = world.upload_request(world.user);
  request.idempotency_key = "order-1";
  const Result<Accepted> first = co_await world.acceptance->accept(request);
  REQUIRE(first.has_value());
  world.tables.write([&](data::Transaction& tx) -> Result<void> {
    for (int i = 0; i < 2500; ++i) {
      TRY(
          tx.execute("INSERT INTO idempotency_keys (channel, owner, key, request_hash, session_id,"
                     " created_at) VALUES ('b2c', 'bob', $1, 'h', 's', $2)",
                     {"key-" + std::to_string(i), data::sql(now())}));
    }
    return {};
  });
  const auto forget = [&] [[clang::coro_wrapper]] () {
    return forget_idempotency_keys(*world.tables, std::chrono::hours(24 * 7));
  };
  clock.advance(std::chrono::hours(24 * 7) - milliseconds(1));
  CHECK((co_await forget()).value() == 0);
  const Result<Accepted> replayed = co_await world.acceptance->accept(request);
  REQUIRE(replayed.has_value());
  CHECK(replayed->replayed);
  clock.advance(milliseconds(2));
  CHECK((co_await forget()).value() == 2501);
  CHECK((co_await forget()).value() == 0);
  const Result<Accepted> anew = co_await world.acceptance->accept(request);
  REQUIRE(anew.has_value());
  CHECK_FALSE(anew->replayed);
}

}  // namespace

TEST_CASE("Sweep: an Idempotency-Key is remembered for its time, then forgotten, however many") {
  World world;
  ScopedClock clock(from_unix_ms(1'800'000'000'000));
  world.run(forgetting(world, clock));
  world.check_exact(6);
}
