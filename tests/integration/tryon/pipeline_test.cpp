// The whole way of a job over real parts, with a provider that fails as told. Every story ends with
// an exact ledger.
#include "tryon/pipeline.hpp"

#include "image/probe.hpp"
#include "integration/tryon/world.hpp"

using namespace selvage;
using namespace selvage::tryon;

namespace {

Task<void> dress(World& world, Owner owner, std::string folder) {
  const Session session = co_await world.accept(world.upload_request(owner));
  CHECK(session.status == SessionStatus::queued);
  CHECK(world.stored("inputs").size() == 2);
  const work::Outcome outcome = co_await world.work_once();
  CHECK(std::holds_alternative<work::Done>(outcome));

  const Session done = world.tables.find(session.id);
  CHECK(done.status == SessionStatus::completed);
  CHECK(done.result_key == folder + "/" + session.id + ".jpg");
  CHECK(done.provider == "scripted");
  CHECK(done.provider_request_id == "req-scripted");
  CHECK(done.attempts == 1);
  CHECK(world.stored("results").size() == 1);
  CHECK(world.stored("inputs").empty());
  CHECK(world.changes ==
        std::vector<std::string>{session.id + ":processing", session.id + ":completed"});
  CHECK_FALSE((co_await world.lease()).has_value());
}

}  // namespace

TEST_CASE("Pipeline: a user's job becomes a picture under the user's path, paid once") {
  World world;
  world.run(dress(world, world.user, "results/users/ann"));
  world.check_exact(8);

  const ProviderRequest& request = world.provider.last_request.value();
  CHECK(image::probe(request.person.bytes)->width == 1024);  // was 1600
  CHECK(image::probe(request.garments.at(0).bytes)->width == 300);
  CHECK(request.request_id == "request-1");
  CHECK(request.owner_hash.size() == 32);
  CHECK(request.prompt.contains("same person"));
  const std::string metrics = world.metrics.exposition();
  CHECK(metrics.contains(R"(tryon_jobs_total{channel="b2c",outcome="completed",reason=""} 1)"));
  CHECK(metrics.contains(R"(tryon_provider_calls_total{outcome="ok",provider="scripted"} 1)"));
  CHECK(metrics.contains(R"(tryon_credits_charged_total{channel="b2c"} 2)"));
}

TEST_CASE("Pipeline: a store's job lies under the store's path and is paid by the store") {
  World world;
  world.run(dress(world, world.store, "results/stores/acme"));
  world.check_exact(10, 8);
}

namespace {

Task<void> busy_then_fine(World& world, ScopedClock& clock) {
  world.provider.script(
      {provider_error(ProviderFailure::rate_limited), ScriptedProvider::Answer{}});
  const Session session = co_await world.accept(world.upload_request(world.user));
  const work::Outcome first = co_await world.work_once();
  REQUIRE(std::holds_alternative<work::RetryLater>(first));
  CHECK(std::get<work::RetryLater>(first).wait == seconds(10));
  CHECK(std::get<work::RetryLater>(first).reason.starts_with("rate_limited:"));

  const Session waiting = world.tables.find(session.id);
  CHECK(waiting.status == SessionStatus::processing);
  CHECK(waiting.note.value_or("").contains("busy"));
  world.check_exact(8);  // no refund while a retry is pending
  clock.advance(seconds(9));
  CHECK_FALSE((co_await world.lease()).has_value());
  clock.advance(seconds(1));
  const work::Outcome second = co_await world.work_once();
  CHECK(std::holds_alternative<work::Done>(second));
  CHECK(world.tables.find(session.id).status == SessionStatus::completed);
  CHECK(world.provider.calls == 2);
}

Task<void> busy_twice(World& world, ScopedClock& clock) {
  world.provider.script({provider_error(ProviderFailure::rate_limited, seconds(30))});
  const Session session = co_await world.accept(world.upload_request(world.user));
  const work::Outcome first = co_await world.work_once();
  REQUIRE(std::holds_alternative<work::RetryLater>(first));
  CHECK(std::get<work::RetryLater>(first).wait == seconds(30));  // Retry-After is a lower bound
  clock.advance(seconds(30));
  const work::Outcome second = co_await world.work_once();
  CHECK(std::holds_alternative<work::Done>(second));
  CHECK(world.tables.find(session.id).error_code == "provider_rate_limited");
  CHECK(world.provider.calls == 2);
}

Task<void> fail_with(World& world, ScriptedProvider::Step step, std::string code) {
  world.provider.script({step});
  const Session session = co_await world.accept(world.upload_request(world.user));
  const work::Outcome outcome = co_await world.work_once();
  CHECK(std::holds_alternative<work::Done>(outcome));
  const Session failed = world.tables.find(session.id);
  CHECK(failed.status == SessionStatus::failed);
  CHECK(failed.error_code == code);
  CHECK(failed.error_message.value_or("").contains("credits have been returned"));
  CHECK(world.provider.calls == 1);
  CHECK(world.stored("results").empty());
  CHECK(world.stored("inputs").size() == 2);  // kept, so that the job can be repeated
  CHECK(world.changes.back() == session.id + ":failed");
  CHECK(world.metrics.exposition().contains(R"(tryon_credits_refunded_total{channel="b2c"} 2)"));
}

}  // namespace

TEST_CASE(
    "Pipeline: a busy provider is asked once more after 10 s, and nothing is refunded meanwhile") {
  World world;
  ScopedClock clock(from_unix_ms(1'800'000'000'000));
  world.run(busy_then_fine(world, clock));
  world.check_exact(8);
}

TEST_CASE("Pipeline: a provider that is busy twice fails the job with a refund") {
  World world;
  ScopedClock clock(from_unix_ms(1'800'000'000'000));
  world.run(busy_twice(world, clock));
  world.check_exact(10);
}

TEST_CASE("Pipeline: every other failure of the provider fails at once, with a refund") {
  World world;
  ScriptedProvider::Step step;
  std::string code;
  SUBCASE("moderation") {
    step = provider_error(ProviderFailure::moderation);
    code = "moderation_blocked";
  }
  SUBCASE("billing") {
    step = provider_error(ProviderFailure::billing);
    code = "provider_billing";
  }
  SUBCASE("overloaded") {
    step = provider_error(ProviderFailure::overloaded);
    code = "provider_unavailable";
  }
  SUBCASE("timeout") {
    step = provider_error(ProviderFailure::timeout);
    code = "provider_timeout";
  }
  SUBCASE("bad input") {
    step = provider_error(ProviderFailure::bad_input);
    code = "input_unusable";
  }
  SUBCASE("configuration") {
    step = provider_error(ProviderFailure::configuration);
    code = "provider_configuration";
  }
  SUBCASE("no picture") {
    step = ScriptedProvider::Garbage{};
    code = "provider_bad_answer";
  }
  world.run(fail_with(world, step, code));
  world.check_exact(10);
}

namespace {

Task<void> handle_into(World& world, work::JobContext job, work::Outcome& outcome) {
  outcome = co_await world.handler->handle(std::move(job));
}

// Runs the next task until the provider hangs, then stops it for `reason`.
Task<work::Outcome> stop_while_hanging(World& world, work::Lease held, work::StopReason reason) {
  CancelSource stop;
  auto why = std::make_shared<work::StopState>();
  work::Outcome outcome;
  TaskGroup group;
  group.spawn(handle_into(world, World::context(held, stop.token(), why), outcome), "job");
  while (world.provider.hanging == 0) co_await net::sleep_for(milliseconds(5));
  why->reason = reason;
  stop.cancel();
  co_await group.join();
  co_return outcome;
}

Task<void> time_limit(World& world) {
  world.provider.script({ScriptedProvider::Hang{}});
  const Session session = co_await world.accept(world.upload_request(world.user));
  const work::Lease held = (co_await world.lease()).value();
  const work::Outcome outcome =
      co_await stop_while_hanging(world, held, work::StopReason::time_limit);
  CHECK(std::holds_alternative<work::Done>(outcome));
  CHECK(world.tables.find(session.id).error_code == "time_limit");
}

Task<void> refused_by_storage(World& world, work::StopReason reason) {
  world.provider.script({ScriptedProvider::Answer{}});
  const Session session = co_await world.accept(world.upload_request(world.user));
  const work::Lease held = (co_await world.lease()).value();
  world.storage->refused_puts = 1'000;
  CancelSource stop;
  auto why = std::make_shared<work::StopState>();
  work::Outcome outcome;
  TaskGroup group;
  group.spawn(handle_into(world, World::context(held, stop.token(), why), outcome), "job");
  while (world.storage->refused_puts > 998) co_await net::sleep_for(milliseconds(5));
  CHECK(world.tables.find(session.id).status == SessionStatus::processing);
  why->reason = reason;
  stop.cancel();
  co_await group.join();
  const bool over = reason == work::StopReason::time_limit;
  CHECK(std::holds_alternative<work::Done>(outcome) == over);
  CHECK(std::holds_alternative<work::RetryLater>(outcome) == !over);
  const Session after = world.tables.find(session.id);
  CHECK(after.status == (over ? SessionStatus::failed : SessionStatus::processing));
  if (over) CHECK(after.error_detail.value_or("").find("storage.denied") != std::string::npos);
}

Task<void> drain(World& world) {
  world.provider.script({ScriptedProvider::Hang{}, ScriptedProvider::Answer{}});
  const Session session = co_await world.accept(world.upload_request(world.user));
  const work::Lease held = (co_await world.lease()).value();
  const work::Outcome outcome = co_await stop_while_hanging(world, held, work::StopReason::drain);
  REQUIRE(std::holds_alternative<work::HandBack>(outcome));
  CHECK(co_await world.settle(held.ref, outcome));
  CHECK(world.tables.find(session.id).status == SessionStatus::processing);
  world.check_exact(8);
  const work::Outcome next = co_await world.work_once();
  CHECK(std::holds_alternative<work::Done>(next));
  const Session done = world.tables.find(session.id);
  CHECK(done.status == SessionStatus::completed);
  CHECK(done.attempts == 2);
}

Task<void> lease_lost(World& world, ScopedClock& clock) {
  world.provider.script({ScriptedProvider::Hang{}, ScriptedProvider::Answer{}});
  const Session session = co_await world.accept(world.upload_request(world.user));
  const work::Lease held = (co_await world.lease(seconds(15))).value();
  const work::Outcome outcome =
      co_await stop_while_hanging(world, held, work::StopReason::lease_lost);
  CHECK(std::holds_alternative<work::LeaseLost>(outcome));
  CHECK(world.tables.find(session.id).status == SessionStatus::processing);
  CHECK(world.stored("results").empty());
  clock.advance(seconds(16));
  const work::Outcome next = co_await world.work_once();
  CHECK(std::holds_alternative<work::Done>(next));
  CHECK(world.tables.find(session.id).lease_token == held.ref.token + 1);
}

// The worker believes in its lease, but another one has begun by the time it settles.
Task<void> overtaken(World& world, ScopedClock& clock) {
  const Session session = co_await world.accept(world.upload_request(world.user));
  const work::Lease slow = (co_await world.lease(seconds(15))).value();
  world.storage->after_put = [&] {
    world.tables.write([&](data::Transaction& tx) {
      return begin_processing(tx, session.owner.channel, session.id, session.task_id,
                              slow.ref.token + 1);
    });
  };
  const work::Outcome late = co_await world.handler->handle(World::context(slow));
  CHECK(std::holds_alternative<work::LeaseLost>(late));
  CHECK(world.tables.find(session.id).status == SessionStatus::processing);
  world.storage->after_put = nullptr;

  clock.advance(seconds(16));
  const work::Outcome next = co_await world.work_once();
  CHECK(std::holds_alternative<work::Done>(next));
  CHECK(world.tables.find(session.id).status == SessionStatus::completed);
  CHECK(world.provider.calls == 1);  // the picture of the slow one was found
}

// The session failed (by clean-up, say) between the store and the settlement.
Task<void> failed_meanwhile(World& world) {
  const Session session = co_await world.accept(world.upload_request(world.user));
  world.storage->after_put = [&] {
    world.tables.write([&](data::Transaction& tx) -> Result<bool> {
      TRY(fail_session(tx, Channel::b2c, session.id, std::nullopt, some_failure()));
      return refund(tx, session.owner, session.id, "test");
    });
  };
  const work::Outcome outcome = co_await world.work_once();
  CHECK(std::holds_alternative<work::Done>(outcome));
  CHECK(world.tables.find(session.id).status == SessionStatus::failed);
  CHECK(world.stored("results").empty());  // no picture without a session
}

}  // namespace

TEST_CASE("Pipeline: a job over its time limit fails with a refund") {
  World world;
  world.run(time_limit(world));
  world.check_exact(10);
}

TEST_CASE(
    "Pipeline: a picture that the storage refuses is kept until the time limit, then refunded") {
  World world;
  SUBCASE("time limit") {
    world.run(refused_by_storage(world, work::StopReason::time_limit));
    world.check_exact(10);
  }
  SUBCASE("drain") {
    world.run(refused_by_storage(world, work::StopReason::drain));
    world.check_exact(8);
  }
}

TEST_CASE("Pipeline: a draining worker hands the job back, and the next one finishes it") {
  World world;
  world.run(drain(world));
  world.check_exact(8);
}

TEST_CASE("Pipeline: a worker that lost its lease changes nothing") {
  World world;
  ScopedClock clock(from_unix_ms(1'800'000'000'000));
  world.run(lease_lost(world, clock));
  world.check_exact(8);
}

TEST_CASE(
    "Pipeline: a worker that was overtaken cannot settle, and its picture is not made again") {
  World world;
  ScopedClock clock(from_unix_ms(1'800'000'000'000));
  world.run(overtaken(world, clock));
  world.check_exact(8);
}

TEST_CASE("Pipeline: the picture of a session that failed meanwhile is removed") {
  World world;
  world.run(failed_meanwhile(world));
  world.check_exact(10);
}
