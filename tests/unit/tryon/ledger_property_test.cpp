// Random interleavings of everything that moves credits, from several threads over one database,
// must leave sessions, entries and balances in agreement, and the balance exactly what the outcomes
// say.
#include <fmt/format.h>

#include <atomic>
#include <random>
#include <thread>

#include "tryon/detail/settle.hpp"
#include "tryon/webhooks/delivery.hpp"
#include "unit/tryon/tryon_database.hpp"

using namespace selvage;
using namespace selvage::tryon;

namespace {

constexpr int kThreads = 4;
constexpr int kSteps = 150;
constexpr int kSessions = 24;  // few, so that the threads meet

const Owner kOwners[] = {
    {Channel::b2b, "acme"}, {Channel::b2c, "ann"}, {Channel::b2c, "acme"}, {Channel::b2b, "poor"}};

class Actor {
 public:
  Actor(TryonDatabase& database, work::Broker& queue, std::uint32_t seed)
      : database_(database), broker_(queue), random_(seed) {}

  void run() {
    for (int step = 0; step < kSteps; ++step) act();
  }

 private:
  int pick(int bound) { return static_cast<int>(random_() % static_cast<unsigned>(bound)); }

  void act() {
    const int number = pick(kSessions);
    const Owner owner = kOwners[number % 4];
    const std::int64_t credits = 1 + number % 3;
    const std::string id = fmt::format("s{}", number);
    const std::int64_t token = 1 + pick(4);
    switch (pick(11)) {
      case 0:
        attempt(
            [&](data::Transaction& tx) { return grant_credits(tx, owner, {1 + pick(3)}, "x"); });
        break;
      case 1:  // accepted through the API
        attempt([&](data::Transaction& tx) -> Result<void> {
          TRY(insert_session(tx, queued_session(id, owner, credits)));
          return charge(tx, owner, id, {credits});
        });
        break;
      case 2:  // the same, but the last step of the transaction fails
        attempt([&](data::Transaction& tx) -> Result<void> {
          TRY(insert_session(tx, queued_session(id, owner, credits)));
          TRY(charge(tx, owner, id, {credits}));
          return fail(ErrorKind::rate_limited, "queue.full", "full");
        });
        break;
      case 3:  // a worker begins, whoever made the session
      case 4:
        attempt([&](data::Transaction& tx) { return admit(tx, id, owner, credits, token); });
        break;
      case 5:
        attempt([&](data::Transaction& tx) -> Result<tryon::detail::Settlement> {
          return tryon::detail::settle_completed(tx, broker_, queued_session(id, owner), token,
                                                 "results/x.jpg", "local", "");
        });
        break;
      case 6:
        attempt([&](data::Transaction& tx) {
          const bool forced = pick(3) == 0;  // as clean-up does
          return tryon::detail::settle_failed(
              tx, broker_, owner, id, forced ? std::nullopt : std::optional(token), some_failure());
        });
        break;
      case 7:
        attempt([&](data::Transaction& tx) {
          return tryon::detail::settle_malformed(tx, broker_, {id, std::nullopt},
                                                 fmt::format("other-{}", id), token,
                                                 {"malformed_task", "m", "d"});
        });
        break;
      case 8:  // the worker stops for its owner, if it may
      case 9:
        attempt([&](data::Transaction& tx) {
          return tryon::detail::settle_cancelled(tx, broker_, owner, id);
        });
        break;
      case 10:
        attempt([&](data::Transaction& tx) {
          return note_retry(tx, owner.channel, id, token, "later", false);
        });
        break;
    }
  }

  Result<tryon::detail::Admission> admit(data::Transaction& tx, const std::string& id,
                                         const Owner& owner, std::int64_t credits,
                                         std::int64_t token) {
    GenerationTask task;
    task.task_id = "task-" + id;
    task.session_id = id;
    task.request_id = "r";
    task.owner = owner;
    task.credits = {credits};
    task.person_image_url = "https://a.example/p.jpg";
    task.garment_image_urls = {"https://a.example/g.jpg"};
    return tryon::detail::admit(tx, broker_, task, token);
  }

  // Refusals are part of the game; anything that says the state is broken is not.
  template <class Body>
  void attempt(Body body) {
    const auto result = database_->write_blocking(std::move(body));
    if (result) return;
    const bool expected = result.error().kind == ErrorKind::conflict ||
                          result.error().kind == ErrorKind::no_credits ||
                          result.error().kind == ErrorKind::rate_limited;
    if (!expected) FAIL(result.error().describe());
  }

  TryonDatabase& database_;
  work::Broker& broker_;
  std::mt19937 random_;
};

// One delivery for each session that ended and whose owner listens, no more, with its task.
void check_webhooks(TryonDatabase& database, const Owner& listener) {
  const auto [ended, deliveries, tasks] = database.write(
      [&](data::Transaction& tx) -> Result<std::tuple<std::size_t, std::size_t, std::int64_t>> {
        const SessionPage page =
            TRY(list_sessions(tx, {.owner = listener}, kMaxPage, std::nullopt));
        const auto over = std::ranges::count_if(
            page.sessions, [](const Session& session) { return is_terminal(session.status); });
        const auto told = TRY(list_deliveries(tx, {}, kMaxPage));
        const auto queued = TRY(tx.query_one("SELECT COUNT(*) FROM tasks WHERE queue = $1",
                                             {std::string(kWebhookQueue)}));
        return std::tuple{static_cast<std::size_t>(over), told.size(), queued->integer(0)};
      });
  CHECK(deliveries == ended);
  CHECK(tasks == static_cast<std::int64_t>(ended));
}

// What each owner must have, counted from the sessions alone.
void check_balances(TryonDatabase& database) {
  for (const Owner& owner : kOwners) {
    std::int64_t spent = 0;
    const SessionPage page = database.write([&](data::Transaction& tx) {
      return list_sessions(tx, {.owner = owner}, kMaxPage, std::nullopt);
    });
    for (const Session& session : page.sessions) {
      if (session.status != SessionStatus::failed) spent += session.credits.value;
    }
    const Balance balance = database.balance_of(owner);
    CHECK(balance.balance.value == balance.granted.value - spent);
    CHECK(balance.charged.value - balance.refunded.value == spent);
  }
}

}  // namespace

TEST_CASE("Ledger: no interleaving of accept, begin, complete, fail and refund breaks it") {
  for (const std::uint32_t seed : {1U, 20261121U, 777U}) {
    CAPTURE(seed);
    TryonDatabase database;
    for (const Owner& owner : kOwners) {
      if (owner.id != "poor") database.grant(owner, 12);
    }
    database.write([](data::Transaction& tx) {
      return create_endpoint(tx, kOwners[1], "https://ann.example/hook", parse_events({}).value());
    });
    const auto broker = work::make_sql_broker(*database, {});
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&database, &broker, seed, i] {
        Actor(database, *broker, seed * 31 + static_cast<std::uint32_t>(i)).run();
      });
    }
    for (std::thread& thread : threads) thread.join();

    check_webhooks(database, kOwners[1]);
    const std::vector<std::string> found = database.discrepancies();
    CHECK_MESSAGE(found.empty(), (found.empty() ? "" : found.front()));
    check_balances(database);
    const StatusCounts counts =
        database.write([](data::Transaction& tx) { return count_sessions(tx); });
    CHECK(counts.failed > 0);
    CHECK(counts.completed > 0);
  }
}
