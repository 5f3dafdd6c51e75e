#include "app/job_feed.hpp"

#include <doctest/doctest.h>

#include "app/platform.hpp"
#include "base/task_group.hpp"
#include "support/test_database.hpp"

namespace selvage::app {
namespace {

tryon::Session queued_session(std::string id) {
  tryon::Session session;
  session.id = std::move(id);
  session.task_id = session.id;
  session.owner = {tryon::Channel::b2c, "user-1"};
  session.credits = Credits{1};
  session.person_image_url = "https://pictures.example.com/p.jpg";
  session.garment_image_urls = {"https://pictures.example.com/g.png"};
  session.created_at = now();
  session.updated_at = session.created_at;
  return session;
}

struct Fixture {
  testing::TestDatabase place;
  std::unique_ptr<data::Database> database = place.must_open();
  Fixture() { REQUIRE(data::migrate(*database, all_migrations())); }
  void insert(const std::string& id) {
    REQUIRE(database->write_blocking(
        [&](data::Transaction& tx) { return tryon::insert_session(tx, queued_session(id)); }));
  }
  void begin(const std::string& id) {
    REQUIRE(database
                ->write_blocking([&](data::Transaction& tx) {
                  return tryon::begin_processing(tx, tryon::Channel::b2c, id, id, 1);
                })
                .value());
  }
};

Task<void> tell_two_subscribers(net::Loop& loop, Fixture& fixture) {
  JobFeed feed(loop, *fixture.database);
  CancelSource stop;
  TaskGroup group;
  group.spawn(feed.run(stop.token()), "feed");
  {
    auto all = feed.subscribe();
    auto one = feed.subscribe("session-b");
    fixture.insert("session-a");
    fixture.insert("session-b");
    feed.poke();
    std::set<std::string> seen;
    while (seen.size() < 2) {
      auto changes = co_await all->next(milliseconds(5000), {});
      REQUIRE_FALSE(changes.empty());
      for (const auto& session : changes) CHECK(seen.insert(session.id).second);
    }
    auto first = co_await one->next(milliseconds(5000), {});
    REQUIRE(first.size() == 1);
    CHECK(first[0].id == "session-b");
    fixture.begin("session-b");
    feed.poke();
    auto second = co_await one->next(milliseconds(5000), {});
    REQUIRE(second.size() == 1);
    CHECK(second[0].status == tryon::SessionStatus::processing);
    // nothing new: nothing is told twice, although the same rows are read again
    feed.poke();
    auto third = co_await one->next(milliseconds(300), {});
    CHECK(third.empty());
  }
  stop.cancel();
  co_await group.join();
}

TEST_CASE("Job feed: tells each change once, to those who asked for that job or for all") {
  Fixture fixture;
  net::Loop loop;
  loop.run_until_done(tell_two_subscribers(loop, fixture));
}

Task<void> flood_a_sleeper(net::Loop& loop, Fixture& fixture) {
  JobFeed feed(loop, *fixture.database);
  CancelSource stop;
  TaskGroup group;
  group.spawn(feed.run(stop.token()), "feed");
  {
    auto sleeper = feed.subscribe();
    for (int i = 0; i < 600; ++i) fixture.insert(fmt::format("session-{:04}", i));
    feed.poke();
    co_await net::sleep_for(milliseconds(1500));
    std::string newest;
    const Deadline deadline = Deadline::after(milliseconds(20'000));
    while (newest != "session-0599" && !deadline.passed()) {
      const auto changes = co_await sleeper->next(milliseconds(1000), {});
      CHECK(changes.size() <= kMaxPending);
      if (!changes.empty()) newest = changes.back().id;
    }
    CHECK(newest == "session-0599");
  }
  stop.cancel();
  co_await group.join();
}

TEST_CASE("Job feed: a subscriber that sleeps costs bounded memory and sees the newest") {
  Fixture fixture;
  net::Loop loop;
  loop.run_until_done(flood_a_sleeper(loop, fixture));
}

}  // namespace
}  // namespace selvage::app
