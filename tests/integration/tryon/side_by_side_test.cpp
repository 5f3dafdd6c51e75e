// Transactions that meet over one session or one balance, stopped at the moment that matters: one
// has done its work and not yet committed when the other comes. On SQLite they follow each other;
// on PostgreSQL they overlap, and the outcome must be the same.
#include <future>
#include <thread>

#include "integration/tryon/world.hpp"
#include "tryon/detail/settle.hpp"
#include "tryon/webhooks/endpoint.hpp"

using namespace selvage;
using namespace selvage::tryon;
using tryon::detail::Admission;
using tryon::detail::Admitted;
using tryon::detail::Settlement;

namespace {

GenerationTask task_of(const Session& session, std::string task_id) {
  GenerationTask task;
  task.task_id = std::move(task_id);
  task.session_id = session.id;
  task.request_id = session.request_id;
  task.owner = session.owner;
  task.person_image_url = session.person_image_url;
  task.garment_image_urls = session.garment_image_urls;
  task.credits = session.credits;
  task.created_at = session.created_at;
  return task;
}

// A session "s" that ann was charged 2 credits for, and its task "t".
struct Meeting {
  World world;
  Session session = queued_session("s", world.user, 2);
  GenerationTask task = task_of(session, "t");

  explicit Meeting(bool exists = true) {
    session.task_id = "t";
    if (!exists) return;
    world.tables.write([&](data::Transaction& tx) -> Result<void> {
      TRY(insert_session(tx, session));
      return charge(tx, world.user, "s", {2});
    });
  }
  auto admit(std::int64_t token, std::string task_id = "t") {
    return [this, token, task_id](data::Transaction& tx) {
      return tryon::detail::admit(tx, *world.broker, task_of(session, task_id), token);
    };
  }
  auto complete(std::int64_t token) {
    return [this, token](data::Transaction& tx) {
      return tryon::detail::settle_completed(tx, *world.broker, session, token, "results/s.jpg",
                                             "test", "r");
    };
  }
  auto fail_it(std::optional<std::int64_t> token) {
    return [this, token](data::Transaction& tx) {
      return tryon::detail::settle_failed(tx, *world.broker, world.user, "s", token,
                                          some_failure());
    };
  }
  auto cancel() {
    return [this](data::Transaction& tx) {
      return tryon::detail::settle_cancelled(tx, *world.broker, world.user, "s");
    };
  }
  auto malformed(std::int64_t token) {
    return [this, token](data::Transaction& tx) {
      MalformedTask message;
      message.session_id = "s";
      return tryon::detail::settle_malformed(tx, *world.broker, message, "bad", token,
                                             some_failure());
    };
  }
  template <class Body>
  auto write(Body body) {
    return world.tables.write(std::move(body));
  }

  // Runs `first` up to its commit, lets `second` begin and run into it, then lets both end.
  template <class First, class Second>
  auto overlap(First first, Second second) {
    using One = typename std::invoke_result_t<First&, data::Transaction&>::value_type;
    using Two = std::invoke_result_t<Second&>;
    std::promise<void> worked;
    std::atomic<bool> second_ended = false;
    std::optional<One> one;
    std::optional<Two> two;
    std::jthread earlier([&] {
      bool again = false;
      auto done = world.tables->write_blocking([&](data::Transaction& tx) {
        auto outcome = first(tx);
        if (!std::exchange(again, true)) worked.set_value();
        wait_for_other(second_ended);
        return outcome;
      });
      CHECK_MESSAGE(done.has_value(), done.error().describe());
      if (done) one.emplace(std::move(*done));
    });
    worked.get_future().wait();
    std::jthread later([&] {
      two.emplace(second());
      second_ended = true;
    });
    earlier.join();
    later.join();
    REQUIRE(one.has_value());
    return std::pair(std::move(*one), std::move(*two));
  }
  // The same with two bodies.
  template <class First, class Second>
  auto meet(First first, Second second) {
    return overlap(std::move(first), [this, second]() mutable {
      auto done = world.tables->write_blocking(second);
      REQUIRE_MESSAGE(done.has_value(), done.error().describe());
      return std::move(*done);
    });
  }

 private:
  // Until the other transaction has ended or is blocked by us; on SQLite it is not let in at all.
  void wait_for_other(const std::atomic<bool>& ended) {
    const Deadline end = Deadline::after(seconds(10));
    while (!ended && !end.passed()) {
      if (!testing::TestDatabase::is_postgres()) {
        std::this_thread::sleep_for(milliseconds(20));
        return;
      }
      if (testing::TestDatabase::server().query(
              "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") != "0") {
        return;
      }
    }
    CHECK(ended);  // neither blocked nor ended: the test itself is wrong
  }
};

}  // namespace

TEST_CASE("Side by side: who was superseded completes nothing") {
  Meeting meeting;
  meeting.write(meeting.admit(1));
  const auto [begun, stale] = meeting.meet(meeting.admit(2), meeting.complete(1));
  CHECK(begun.admitted == Admitted::begun);
  CHECK_FALSE(stale.changed);
  CHECK(meeting.world.tables.find("s").status == SessionStatus::processing);
  CHECK(meeting.write(meeting.complete(2)).changed);
  meeting.world.check_exact(8);
}

TEST_CASE("Side by side: a completion that comes first ends the job for the next holder") {
  Meeting meeting;
  meeting.write(meeting.admit(1));
  const auto [completed, next] = meeting.meet(meeting.complete(1), meeting.admit(2));
  CHECK(completed.changed);
  CHECK(next.admitted == Admitted::terminal);
  CHECK(meeting.world.tables.find("s").status == SessionStatus::completed);
  meeting.world.check_exact(8);
}

TEST_CASE("Side by side: a job fails once and is refunded once") {
  Meeting meeting;
  meeting.write(meeting.admit(1));
  SUBCASE("by two workers") {
    const auto [one, two] = meeting.meet(meeting.fail_it(1), meeting.fail_it(1));
    CHECK(one.refunded);
    CHECK_FALSE(two.changed);
    CHECK_FALSE(two.refunded);
  }
  SUBCASE("after a completion nothing is refunded") {
    const auto [one, two] = meeting.meet(meeting.complete(1), meeting.fail_it(std::nullopt));
    CHECK(one.changed);
    CHECK_FALSE(two.changed);
    meeting.world.check_exact(8);
    return;
  }
  meeting.world.check_exact(10);
}

TEST_CASE("Side by side: clean-up never fails a job that a worker begins at this moment") {
  ScopedClock clock(from_unix_ms(1'800'000'000'000));
  Meeting meeting;
  clock.advance(seconds(600));
  World& world = meeting.world;
  // The task is in no queue here, so to clean-up the session looks abandoned.
  const auto clean = [&] {
    net::Loop loop;
    return loop.run_until_done(fail_stuck_sessions(*world.tables, *world.broker,
                                                   std::string(kQueue), seconds(120), world.metrics,
                                                   [](const Session&) {}));
  };
  SUBCASE("the worker first") {
    const auto [begun, cleaned] = meeting.overlap(meeting.admit(1), clean);
    CHECK(begun.admitted == Admitted::begun);
    REQUIRE(cleaned.has_value());
    CHECK(*cleaned == 0);
    CHECK(world.tables.find("s").status == SessionStatus::processing);
    CHECK(meeting.write(meeting.complete(1)).changed);
    world.check_exact(8);
  }
  SUBCASE("clean-up first") {
    const auto [failed, next] = meeting.meet(meeting.fail_it(std::nullopt), meeting.admit(1));
    CHECK(failed.refunded);
    CHECK(next.admitted == Admitted::terminal);
    world.check_exact(10);
  }
}

TEST_CASE("Side by side: a malformed message does not fail a session that is being begun") {
  Meeting meeting;
  const auto [begun, bad] = meeting.meet(meeting.admit(1), meeting.malformed(9));
  CHECK(begun.admitted == Admitted::begun);
  CHECK_FALSE(bad.changed);
  CHECK(meeting.world.tables.find("s").status == SessionStatus::processing);
  meeting.world.check_exact(8);
}

TEST_CASE("Side by side: cancelling meets the worker") {
  Meeting meeting;
  SUBCASE("the worker first: it is asked to stop, nothing is refunded yet") {
    const auto [begun, cancelled] = meeting.meet(meeting.admit(1), meeting.cancel());
    CHECK(begun.admitted == Admitted::begun);
    CHECK_FALSE(cancelled.changed);
    const Session session = meeting.world.tables.find("s");
    CHECK(session.status == SessionStatus::processing);
    CHECK(session.cancel_requested_at.has_value());
    meeting.world.check_exact(8);
  }
  SUBCASE("the cancellation first: refunded, and the worker finds it over") {
    const auto [cancelled, begun] = meeting.meet(meeting.cancel(), meeting.admit(1));
    CHECK(cancelled.refunded);
    CHECK(begun.admitted == Admitted::terminal);
    meeting.world.check_exact(10);
  }
}

TEST_CASE("Side by side: a task without its session makes and charges one, whoever comes first") {
  Meeting meeting(false);
  SUBCASE("the same task again: the later hand-out has it") {
    const auto [one, two] = meeting.meet(meeting.admit(1), meeting.admit(2));
    CHECK(one.charged);
    CHECK(two.admitted == Admitted::begun);
    CHECK_FALSE(two.charged);
    CHECK(meeting.world.tables.find("s").lease_token == 2);
  }
  SUBCASE("another task: it is put aside") {
    const auto [one, two] = meeting.meet(meeting.admit(1), meeting.admit(1, "other"));
    CHECK(one.charged);
    CHECK(two.admitted == Admitted::foreign);
  }
  meeting.world.check_exact(8);
}

TEST_CASE("Side by side: one id makes one session, in whichever channel") {
  Meeting meeting(false);
  World& world = meeting.world;
  const auto accept = [&](const Owner& owner) {
    return [&, owner](data::Transaction& tx) -> Result<void> {
      TRY(insert_session(tx, queued_session("s", owner, 2)));
      return charge(tx, owner, "s", {2});
    };
  };
  std::string code;
  (void)meeting.overlap(
      [&](data::Transaction& tx) -> Result<int> {
        TRY(accept(world.user)(tx));
        return 1;
      },
      [&] {
        const auto late = world.tables->write_blocking(accept(world.store));
        if (!late) code = late.error().code;
        return 1;
      });
  CHECK(code == "session.duplicate");
  world.check_exact(8, 10);
}

TEST_CASE("Side by side: a URL is registered once for webhooks") {
  Meeting meeting;
  World& world = meeting.world;
  const auto create = [&](data::Transaction& tx) {
    return create_endpoint(tx, world.user, "https://shop.example/hook", {"job.completed"});
  };
  std::string code;
  (void)meeting.overlap(create, [&] {
    const auto late = world.tables->write_blocking(create);
    if (!late) code = late.error().code;
    return 1;
  });
  CHECK(code == "webhook.duplicate");
}

TEST_CASE("Side by side: eight threads charge, fail and refund; every credit is where it belongs") {
  World world;
  world.tables.grant(world.user, 390);  // 400 in all
  constexpr int kThreads = 8;
  std::atomic<int> charged = 0;
  std::atomic<int> refused = 0;
  std::atomic<int> refunds = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        // Every thread works through the same sessions: each is charged once by one of them.
        for (int i = 0; i < 60; ++i) {
          const std::string id = "s" + std::to_string(i);
          const auto accepted = world.tables->write_blocking([&](data::Transaction& tx) {
            return tx.attempt([&]() -> Result<void> {
              TRY(insert_session(tx, queued_session(id, world.user, 5)));
              return charge(tx, world.user, id, {5});
            });
          });
          if (accepted) ++charged;
          if (!accepted) {
            ++refused;
            CHECK_MESSAGE(accepted.error().kind == ErrorKind::conflict,
                          accepted.error().describe());
          }
          if (i % 3 != 0) continue;
          const auto failed = world.tables->write_blocking([&](data::Transaction& tx) {
            return tryon::detail::settle_failed(tx, *world.broker, world.user, id, std::nullopt,
                                                some_failure());
          });
          REQUIRE_MESSAGE(failed.has_value(), failed.error().describe());
          if (failed->refunded) ++refunds;
          const auto granted = world.tables->write_blocking([&](data::Transaction& tx) {
            return grant_credits(tx, world.user, {1}, "once", "grant-" + id);
          });
          CHECK_MESSAGE(granted.has_value(), granted.error().describe());
        }
      });
    }
  }
  CHECK(charged == 60);
  CHECK(refused == 60 * (kThreads - 1));
  CHECK(refunds == 20);
  world.check_exact(400 - 40 * 5 + 20);
}
