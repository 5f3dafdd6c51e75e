// Cancelling: whatever the job is doing at that moment, its owner has the picture or the credits,
// never both and never neither.
#include "tryon/cancel.hpp"

#include "base/task_group.hpp"
#include "integration/tryon/world.hpp"

using namespace selvage;
using namespace selvage::tryon;

namespace {

[[clang::coro_wrapper]] Task<Result<Session>> cancel(World& world, const Session& session) {
  return cancel_job(*world.tables, *world.broker, session.owner, session.id, &world.metrics);
}

Task<void> cancel_queued(World& world) {
  const Session queued = co_await world.accept(world.upload_request(world.user));
  const Result<Session> cancelled = co_await cancel(world, queued);
  REQUIRE_MESSAGE(cancelled.has_value(), cancelled.error().describe());
  CHECK(cancelled->status == SessionStatus::failed);
  CHECK(cancelled->error_code == "cancelled");
  CHECK(world.tables.balance_of(world.user).balance.value == 10);

  const Result<Session> twice = co_await cancel(world, queued);
  REQUIRE_MESSAGE(twice.has_value(), twice.error().describe());
  CHECK(twice->finished_at == cancelled->finished_at);

  // The task is still in the queue; whoever takes it finds nothing to do.
  const work::Outcome outcome = co_await world.work_once();
  CHECK(std::holds_alternative<work::Done>(outcome));
  CHECK(world.provider.calls == 0);
  // And the job can be repeated as a new one.
  const Result<Accepted> again = co_await world.acceptance->retry(*twice, "r2");
  REQUIRE_MESSAGE(again.has_value(), again.error().describe());
  co_await world.work_once();
  CHECK(world.tables.find(again->session.id).status == SessionStatus::completed);
}

Task<void> cancel_over(World& world) {
  const Session session = co_await world.accept(world.upload_request(world.user));
  co_await world.work_once();
  const Result<Session> late = co_await cancel(world, session);
  REQUIRE_FALSE(late.has_value());
  CHECK(late.error().code == "job.over");
  CHECK(late.error().kind == ErrorKind::conflict);
  CHECK(world.tables.find(session.id).status == SessionStatus::completed);
  CHECK(world.stored("results").size() == 1);

  const Result<Session> nobody =
      co_await cancel_job(*world.tables, *world.broker, world.user, "no-such-job", nullptr);
  REQUIRE_FALSE(nobody.has_value());
  CHECK(nobody.error().code == "job.not_found");
  const Result<Session> elsewhere =  // another channel's table
      co_await cancel_job(*world.tables, *world.broker, world.store, session.id, nullptr);
  CHECK(elsewhere.error().code == "job.not_found");
}

// Waits until `condition` holds; the test's own limit ends what never comes.
template <class Condition>
Task<void> until(Condition condition) {
  while (!condition()) co_await net::sleep_for(milliseconds(5));
}

// A job that runs beside the test, with the watch that a worker keeps.
class Running {
 public:
  Running(World& world, work::JobHandler& handler, work::JobContext job) {
    group_.spawn(world.handler->watch_cancellations(stop_.token()), "watch");
    group_.spawn(handle(handler, std::move(job), outcome), "job");
  }
  Task<void> join() {
    co_await until([this] { return outcome.has_value(); });
    stop_.cancel();
    co_await group_.join();
  }
  std::optional<work::Outcome> outcome;

 private:
  static Task<void> handle(work::JobHandler& handler, work::JobContext job,
                           std::optional<work::Outcome>& into) {
    into = co_await handler.handle(std::move(job));
  }
  CancelSource stop_;
  TaskGroup group_;
};

// The worker is inside the provider's call, which goes on: its picture was paid for.
Task<void> cancel_during_call(World& world) {
  CancelSource answer;
  world.provider.script({ScriptedProvider::Held{answer.token()}});
  const Session session = co_await world.accept(world.upload_request(world.user));
  Running job(world, *world.handler, World::context((co_await world.lease()).value()));
  co_await until([&] { return world.provider.calls == 1; });

  const Result<Session> asked = co_await cancel(world, session);
  REQUIRE_MESSAGE(asked.has_value(), asked.error().describe());
  CHECK(asked->status == SessionStatus::processing);
  CHECK(asked->cancel_requested_at.has_value());
  const Result<Session> twice = co_await cancel(world, session);
  CHECK(twice->cancel_requested_at == asked->cancel_requested_at);
  CHECK(twice->updated_at == asked->updated_at);
  co_await net::sleep_for(kCancelPoll + milliseconds(200));  // it is noticed meanwhile
  CHECK_FALSE(job.outcome.has_value());
  answer.cancel();
  co_await job.join();
  const Session over = world.tables.find(session.id);
  CHECK(over.status == SessionStatus::completed);
  CHECK(over.progress == 100);
  CHECK_FALSE(over.stage.has_value());
  CHECK(world.stored("results").size() == 1);
}

// The worker waits for its turn under the call limit, which would take a minute.
Task<void> cancel_during_wait(World& world) {
  REQUIRE((co_await world.limiter.acquire(1, Deadline::never(), {})).has_value());
  const Session session = co_await world.accept(world.upload_request(world.user));
  work::JobContext context = World::context((co_await world.lease()).value());
  context.deadline = Deadline::never();
  Running job(world, *world.handler, std::move(context));
  co_await until([&] { return world.tables.find(session.id).status == SessionStatus::processing; });
  const Result<Session> asked = co_await cancel(world, session);
  CHECK(asked.has_value());
  co_await job.join();
  CHECK(std::holds_alternative<work::Done>(*job.outcome));
  const Session over = world.tables.find(session.id);
  CHECK(over.status == SessionStatus::failed);
  CHECK(over.error_code == "cancelled");
  CHECK(world.provider.calls == 0);
}

// Nobody watches, as when the request comes within the second between two looks.
Task<void> cancel_just_before_call(World& world) {
  const Session session = co_await world.accept(world.upload_request(world.user));
  world.provider.before_call = [&] {
    world.provider.before_call = nullptr;
    world.tables.write([&](data::Transaction& tx) {
      return ask_to_cancel(tx, session.owner.channel, session.id);
    });
  };
  co_await world.work_once();
  CHECK(world.provider.calls == 0);
  CHECK(world.tables.find(session.id).error_code == "cancelled");
}

// A later try is pending: nobody works on it, so it ends at once.
Task<void> cancel_between_tries(World& world) {
  world.provider.script({provider_error(ProviderFailure::rate_limited)});
  const Session session = co_await world.accept(world.upload_request(world.user));
  const work::Outcome outcome = co_await world.work_once();
  REQUIRE(std::holds_alternative<work::RetryLater>(outcome));
  CHECK(world.tables.find(session.id).stage == "waiting");
  const Result<Session> cancelled = co_await cancel(world, session);
  REQUIRE_MESSAGE(cancelled.has_value(), cancelled.error().describe());
  CHECK(cancelled->status == SessionStatus::failed);
}

// The picture was stored, then the worker died; the owner cancels; the next worker finds it.
Task<void> cancel_after_crash(World& world) {
  world.storage->crash_after_put = false;
  const Session session = co_await world.accept(world.upload_request(world.user));
  const work::Lease lease = (co_await world.lease(milliseconds(1))).value();
  world.storage->crash_after_put = true;
  bool crashed = false;
  try {
    co_await world.handler->handle(World::context(lease));
  } catch (const SimulatedCrash&) {
    crashed = true;
  }
  REQUIRE(crashed);
  const Result<Session> asked = co_await cancel(world, session);
  CHECK(asked->status == SessionStatus::processing);
  co_await net::sleep_for(milliseconds(5));
  co_await world.work_once();
  CHECK(world.tables.find(session.id).status == SessionStatus::completed);
  CHECK(world.provider.calls == 1);
}

// The same crash, before there was a picture.
Task<void> cancel_after_early_crash(World& world) {
  const Session session = co_await world.accept(world.upload_request(world.user));
  const work::Lease lost = (co_await world.lease(milliseconds(1))).value();
  world.tables.write([&](data::Transaction& tx) {
    return begin_processing(tx, Channel::b2c, session.id, session.task_id, lost.ref.token);
  });
  const Result<Session> asked = co_await cancel(world, session);
  CHECK(asked->status == SessionStatus::processing);
  co_await net::sleep_for(milliseconds(5));
  co_await world.work_once();
  CHECK(world.tables.find(session.id).error_code == "cancelled");
  CHECK(world.provider.calls == 0);
}

}  // namespace

TEST_CASE("Cancel: a job in the queue fails at once with its refund, and only once") {
  World world;
  world.run(cancel_queued(world));
  world.check_exact(8);
}

TEST_CASE("Cancel: what is over, or is nobody's, is refused") {
  World world;
  world.run(cancel_over(world));
  world.check_exact(8);
}

TEST_CASE("Cancel: a provider call that has begun is finished, and its picture counts") {
  World world;
  world.run(cancel_during_call(world));
  world.check_exact(8);
}

TEST_CASE("Cancel: a job that waits for its turn stops within the poll, without a call") {
  World world(1);
  world.run(cancel_during_wait(world));
  world.check_exact(10);
}

TEST_CASE("Cancel: the last look before the call prevents it") {
  World world;
  world.run(cancel_just_before_call(world));
  world.check_exact(10);
}

TEST_CASE("Cancel: a job between two tries ends at once") {
  World world;
  world.run(cancel_between_tries(world));
  world.check_exact(10);
}

TEST_CASE("Cancel: after a crash the picture that is there wins, else the cancellation does") {
  World world;
  SUBCASE("there is a picture") {
    world.run(cancel_after_crash(world));
    world.check_exact(8);
  }
  SUBCASE("there is none") {
    world.run(cancel_after_early_crash(world));
    world.check_exact(10);
  }
}

namespace {

// Two halves of a second apart, so that both stages last long enough to be told.
Task<void> watch_progress(World& world) {
  CancelSource answer;
  world.provider.script({ScriptedProvider::Held{answer.token()}});
  const Session session = co_await world.accept(world.upload_request(world.user));
  CHECK(session.progress == 0);
  Running job(world, *world.handler, World::context((co_await world.lease()).value()));
  co_await until([&] { return world.tables.find(session.id).stage == "provider"; });
  const Session drawing = world.tables.find(session.id);
  CHECK(drawing.progress == 40);
  CHECK(drawing.status == SessionStatus::processing);
  answer.cancel();
  co_await job.join();
  const Session over = world.tables.find(session.id);
  CHECK(over.progress == 100);
  CHECK_FALSE(over.stage.has_value());
}

// A stage that is soon over costs no commit: accept, claim, begin, settle, complete and no more.
Task<void> quick_job(World& world, int& writes) {
  co_await world.accept(world.upload_request(world.user));
  const int before = world.database.writes();
  co_await world.work_once();
  writes = world.database.writes() - before;
}

}  // namespace

TEST_CASE("Progress: a long stage is shown while it lasts; the end is a hundred percent") {
  World world;
  world.run(watch_progress(world));
}

TEST_CASE("Progress: a quick job is told in the commits it makes anyway") {
  World world;
  int writes = 0;
  world.run(quick_job(world, writes));
  CHECK(writes == 2);  // begin and settle; the queue's are not counted here
}
