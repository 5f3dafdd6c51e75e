#include "work/leader_lease.hpp"

#include <thread>

#include "integration/work/worker_fixture.hpp"

namespace selvage::work {

namespace {

struct Office {
  testing::TestDatabase place;
  std::unique_ptr<data::Database> database = open_database(place);

  LeaderLease candidate(std::string holder, milliseconds duration = seconds(30)) {
    return {*database, "schedule", std::move(holder), duration};
  }
  bool hold(const LeaderLease& lease) {
    const auto held =
        database->write_blocking([&](data::Transaction& tx) { return lease.hold(tx); });
    if (!held) CHECK(held.error().code == "leader.lost");
    return held.has_value();
  }
};

bool campaign(LeaderLease& lease) { return value(await(lease.campaign())); }

}  // namespace

TEST_CASE("of many candidates at once exactly one leads") {
  Office office;
  std::atomic<int> leaders = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        LeaderLease lease = office.candidate("process-" + std::to_string(i));
        if (campaign(lease)) ++leaders;
      });
    }
  }
  CHECK(leaders == 1);
}

TEST_CASE(
    "a leader keeps the lead as long as it says so, and another takes it when it is released") {
  Office office;
  LeaderLease first = office.candidate("first");
  LeaderLease second = office.candidate("second");
  CHECK(campaign(first));
  CHECK(!campaign(second));
  CHECK(campaign(first));
  CHECK(office.hold(first));
  CHECK(!office.hold(second));
  await(first.release());
  CHECK(!first.leads());
  CHECK(campaign(second));
  CHECK(!campaign(first));
}

TEST_CASE("a silent leader is replaced, and cannot act when it wakes up") {
  Office office;
  LeaderLease asleep = office.candidate("asleep", milliseconds(200));
  LeaderLease awake = office.candidate("awake");
  CHECK(campaign(asleep));
  CHECK(eventually([&] { return campaign(awake); }));
  CHECK(asleep.leads());  // so it believes
  CHECK(!office.hold(asleep));
  CHECK(office.hold(awake));
  CHECK(!campaign(asleep));
}

TEST_CASE("a clock that goes back by an hour does not keep a dead leader in office") {
  Office office;
  ScopedClock clock(now());
  LeaderLease dead = office.candidate("dead", milliseconds(300));
  LeaderLease heir = office.candidate("heir", milliseconds(300));
  CHECK(campaign(dead));
  clock.advance(-std::chrono::hours(1));
  CHECK(!campaign(heir));  // it might be alive
  CHECK(eventually([&] { return campaign(heir); }));
  CHECK(!office.hold(dead));
}

TEST_CASE("a clock that goes forward may move the lead, but never shares it") {
  Office office;
  ScopedClock clock(now());
  LeaderLease first = office.candidate("first");
  LeaderLease second = office.candidate("second");
  CHECK(campaign(first));
  clock.advance(std::chrono::hours(1));
  CHECK(campaign(second));
  CHECK(!office.hold(first));
  CHECK(!campaign(first));
  CHECK(office.hold(second));
}

TEST_CASE("a live leader keeps the lead over a clock that goes back") {
  Office office;
  ScopedClock clock(now());
  LeaderLease first = office.candidate("first", milliseconds(300));
  LeaderLease second = office.candidate("second", milliseconds(300));
  CHECK(campaign(first));
  clock.advance(-std::chrono::hours(1));
  for (int i = 0; i < 10; ++i) {
    std::this_thread::sleep_for(milliseconds(50));
    CHECK(office.hold(first));
    CHECK(!campaign(second));
  }
}

TEST_CASE("a process finds the lead that a commit gave it without an answer") {
  Office office;
  LeaderLease before = office.candidate("same");
  CHECK(campaign(before));
  LeaderLease after = office.candidate("same");
  CHECK(campaign(after));
  CHECK(office.hold(after));
}

TEST_CASE("offices are apart") {
  Office office;
  LeaderLease schedule = office.candidate("one");
  LeaderLease other(*office.database, "other", "two", seconds(30));
  CHECK(campaign(schedule));
  CHECK(campaign(other));
  const auto row = value(office.database->read_blocking(
      [](data::Transaction& tx) { return find_leader(tx, "other"); }));
  REQUIRE(row);
  CHECK(row->holder == "two");
  CHECK(row->token == 1);
}

}  // namespace selvage::work
