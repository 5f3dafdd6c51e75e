#include "schedule/firing.hpp"

#include <random>

#include "celery/message.hpp"
#include "integration/schedule/schedule_fixture.hpp"

namespace selvage::schedule {

namespace {

const Timestamp kStart = from_unix_ms(1'699'999'200'000);

class Leader {
 public:
  explicit Leader(data::Database& database, std::string holder = "beat-1",
                  milliseconds duration = 1h)
      : database_(database), lease_(database, std::string(kOffice), std::move(holder), duration) {}

  bool campaign() { return value(await(lease_.campaign())); }
  Result<FireReport> try_fire(work::Broker& broker, const std::string& name,
                              milliseconds on_time = 60s) {
    return database_.write_blocking(
        [&](data::Transaction& tx) { return fire_next(tx, lease_, {broker, ""}, name, on_time); });
  }
  FireReport fire(work::Broker& broker, const std::string& name, milliseconds on_time = 60s) {
    return value(try_fire(broker, name, on_time));
  }
  std::int64_t set_anew() {
    return value(database_.write_blocking(
        [&](data::Transaction& tx) { return set_times_anew(tx, lease_); }));
  }
  [[nodiscard]] const work::LeaderLease& lease() const { return lease_; }

 private:
  data::Database& database_;
  work::LeaderLease lease_;
};

std::vector<std::string> ids(const std::string& name, std::vector<Timestamp> times) {
  std::vector<std::string> all;
  for (const Timestamp time : times) all.push_back(task_id(name, time));
  return all;
}

}  // namespace

TEST_CASE("a fire moves the entry on, records itself and enqueues, all in one") {
  Schedule schedule;
  ScopedClock clock(kStart);
  schedule.save(entry_every("tick", "10s"));
  Leader leader(schedule.database());
  REQUIRE(leader.campaign());
  CHECK(leader.fire(schedule.broker(), "tick").outcome == FireOutcome::none);
  clock.advance(10'250ms);
  const FireReport report = leader.fire(schedule.broker(), "tick");
  CHECK(report.outcome == FireOutcome::fired);
  CHECK(report.task_id == task_id("tick", kStart + 10s));
  CHECK(report.lag == 250ms);
  CHECK(leader.fire(schedule.broker(), "tick").outcome == FireOutcome::none);
  CHECK(schedule.queued() == ids("tick", {kStart + 10s}));
  const auto row = schedule.find("tick");
  CHECK(row->next_at == kStart + 20s);
  CHECK(row->last_at == kStart + 10s);
  CHECK(row->fires == 1);
  const auto fires =
      schedule.write([](data::Transaction& tx) { return last_fires(tx, "tick", 10); });
  REQUIRE(fires.size() == 1);
  CHECK(fires[0].time == kStart + 10s);
}

TEST_CASE("what is enqueued is a Celery message with the entry's task") {
  Schedule schedule;
  ScopedClock clock(kStart);
  Entry entry = entry_every("tick", "10s");
  entry.args = "[1]";
  entry.kwargs = R"({"a":"b"})";
  entry.queue = "slow";
  entry.priority = 6;
  entry.expires = milliseconds(10min);
  schedule.save(entry);
  Leader leader(schedule.database());
  REQUIRE(leader.campaign());
  clock.advance(15s);
  const FireReport report = leader.fire(schedule.broker(), "tick");
  const auto task = value(await(schedule.broker().find("slow", report.task_id)));
  REQUIRE(task);
  CHECK(task->priority == 6);
  const auto message = value(celery::parse_message(task->payload));
  CHECK(message.id == report.task_id);
  CHECK(message.root_id == report.task_id);
  CHECK(message.task == "tests.tick");
  CHECK(message.args == "[1]");
  CHECK(message.kwargs == R"({"a":"b"})");
  REQUIRE(message.expires);
  CHECK(*message.expires - (kStart + 10s + 10min) <= 1ms);  // read as "never early"
  CHECK(*message.expires >= kStart + 10s + 10min);
  CHECK(!message.eta);
  CHECK(message.routing_key == "slow");
}

TEST_CASE("who does not lead fires nothing, however sure it is") {
  Schedule schedule;
  ScopedClock clock(kStart);
  schedule.save(entry_every("tick", "10s"));
  Leader first(schedule.database(), "first");
  Leader second(schedule.database(), "second");
  REQUIRE(first.campaign());
  clock.advance(2h);  // the first one's lease lapses while it is frozen
  REQUIRE(second.campaign());
  CHECK(first.lease().leads());
  const auto fired = first.try_fire(schedule.broker(), "tick");
  REQUIRE(!fired);
  CHECK(fired.error().code == "leader.lost");
  CHECK(schedule.queued().empty());
  CHECK(second.fire(schedule.broker(), "tick").outcome == FireOutcome::fired);
}

TEST_CASE(
    "a clock that goes back neither fires twice nor makes the entry wait for it to catch up") {
  Schedule schedule;
  ScopedClock clock(kStart);
  schedule.save(entry_every("tick", "10s"));
  Leader leader(schedule.database());
  REQUIRE(leader.campaign());
  clock.advance(10s);
  CHECK(leader.fire(schedule.broker(), "tick").outcome == FireOutcome::fired);
  clock.advance(10s);
  CHECK(leader.fire(schedule.broker(), "tick").outcome == FireOutcome::fired);
  clock.advance(-15s);  // +5 s
  CHECK(leader.fire(schedule.broker(), "tick").outcome == FireOutcome::none);
  CHECK(leader.set_anew() == 1);
  CHECK(schedule.find("tick")->next_at == kStart + 10s);
  clock.advance(15s);  // +20 s
  CHECK(leader.fire(schedule.broker(), "tick").outcome == FireOutcome::duplicate);
  CHECK(leader.fire(schedule.broker(), "tick").outcome == FireOutcome::duplicate);
  CHECK(leader.fire(schedule.broker(), "tick").outcome == FireOutcome::none);
  clock.advance(10s);
  CHECK(leader.fire(schedule.broker(), "tick").outcome == FireOutcome::fired);
  CHECK(schedule.queued() == ids("tick", {kStart + 10s, kStart + 20s, kStart + 30s}));
}

TEST_CASE("a clock that was a year ahead for a while costs the entry nothing") {
  Schedule schedule;
  ScopedClock clock(kStart);
  schedule.save(entry_every("tick", "10s", CatchUp::skip));
  Leader leader(schedule.database());
  REQUIRE(leader.campaign());
  clock.advance(365 * 24h + 10s);
  while (leader.fire(schedule.broker(), "tick").outcome != FireOutcome::none) continue;
  CHECK(schedule.find("tick")->next_at > kStart + 365 * 24h);
  const std::size_t wrong = schedule.queued().size();
  clock.advance(-365 * 24h);
  REQUIRE(leader.campaign());
  CHECK(leader.set_anew() == 1);
  CHECK(schedule.find("tick")->next_at == kStart + 20s);
  clock.advance(10s);
  CHECK(leader.fire(schedule.broker(), "tick").outcome == FireOutcome::fired);
  CHECK(schedule.queued().size() == wrong + 1);
}

TEST_CASE("a clock that goes forward: what became late follows the entry's policy") {
  for (const auto& [policy, expected] :
       {std::pair(CatchUp::skip, 0), std::pair(CatchUp::once, 1), std::pair(CatchUp::all, 5)}) {
    CAPTURE(name(policy));
    Schedule schedule;
    ScopedClock clock(kStart);
    Entry entry = entry_every("tick", "1h", policy);
    entry.catch_up_max = 5;
    schedule.save(entry);
    Leader leader(schedule.database());
    REQUIRE(leader.campaign());
    clock.advance(24h + 30min);
    REQUIRE(leader.campaign());
    int fired = 0;
    while (true) {
      const FireReport report = leader.fire(schedule.broker(), "tick");
      if (report.outcome == FireOutcome::none) break;
      fired += report.outcome == FireOutcome::fired ? 1 : 0;
    }
    CHECK(fired == expected);
    CHECK(schedule.find("tick")->skipped == 24 - expected);
  }
}

TEST_CASE("a full queue delays a fire and loses none") {
  Schedule schedule({.max_ready = 2, .poll = milliseconds(50)});
  ScopedClock clock(kStart);
  schedule.save(entry_every("tick", "10s"));
  Leader leader(schedule.database());
  REQUIRE(leader.campaign());
  clock.advance(30s);
  CHECK(leader.fire(schedule.broker(), "tick").outcome == FireOutcome::fired);
  CHECK(leader.fire(schedule.broker(), "tick").outcome == FireOutcome::fired);
  const auto full = leader.try_fire(schedule.broker(), "tick");
  REQUIRE(!full);
  CHECK(full.error().code == "queue.full");
  CHECK(schedule.find("tick")->next_at == kStart + 30s);
  CHECK(schedule.find("tick")->fires == 2);
  auto leases = value(await(schedule.broker().lease("celery", "w", 1, 10s)));
  REQUIRE(leases.size() == 1);
  CHECK(value(await(schedule.broker().complete(leases[0].ref))));
  // a count of the queue that took long, on a busy machine, is not repeated at once
  CHECK(eventually([&] { return leader.try_fire(schedule.broker(), "tick").has_value(); }));
  CHECK(schedule.find("tick")->fires == 3);
}

TEST_CASE("what a person fires stands beside the schedule") {
  Schedule schedule;
  schedule.save(entry_every("tick", "1h"));
  const auto before = schedule.find("tick")->next_at;
  const auto fire = [&] {
    return schedule.write(
        [&](data::Transaction& tx) { return fire_by_hand(tx, {schedule.broker(), ""}, "tick"); });
  };
  const std::string first = fire();
  CHECK(first.starts_with("tick@"));
  CHECK(fire() != first);
  CHECK(schedule.find("tick")->next_at == before);
  CHECK(schedule.queued().size() == 2);
}

TEST_CASE("an entry that expired before it could run is passed over") {
  Schedule schedule;
  ScopedClock clock(kStart);
  Entry entry = entry_every("tick", "1h");
  entry.expires = milliseconds(5min);
  schedule.save(entry);
  Leader leader(schedule.database());
  REQUIRE(leader.campaign());
  clock.advance(1h);
  CHECK(leader.fire(schedule.broker(), "tick", 30min).outcome == FireOutcome::fired);
  clock.advance(1h + 5min);
  CHECK(leader.fire(schedule.broker(), "tick", 30min).outcome == FireOutcome::expired);
  CHECK(schedule.queued().size() == 1);
}

TEST_CASE("the record of fires keeps the latest and no more") {
  Schedule schedule;
  ScopedClock clock(kStart);
  Entry entry = entry_every("tick", "1s");
  schedule.save(entry);
  Leader leader(schedule.database());
  REQUIRE(leader.campaign());
  // many in one commit, for the sake of the disk
  for (int i = 0; i < 21; ++i) {
    clock.advance(100s);
    schedule.write([&](data::Transaction& tx) -> Result<void> {
      for (int j = 0; j < 100; ++j) {
        TRY(fire_next(tx, leader.lease(), {schedule.broker(), ""}, "tick", 1h));
      }
      return {};
    });
  }
  const auto kept = schedule.write([](data::Transaction& tx) {
    return tx.query_one("SELECT COUNT(*), MIN(fire_at) FROM schedule_fires");
  });
  CHECK(kept->integer(0) == kFiresKept);
  CHECK(kept->time(1) == kStart + 101s);
}

TEST_CASE(
    "many that believe they lead, clocks that jump: every time at most once, none forgotten") {
  std::mt19937 random(20261121);
  const auto pick = [&](int from, int to) {
    return std::uniform_int_distribution(from, to)(random);
  };
  for (int run = 0; run < 3; ++run) {
    Schedule schedule;
    ScopedClock clock(kStart);
    for (const char* name : {"a", "b", "c"}) {
      schedule.save(entry_every(name, "1s", CatchUp::all));
    }
    std::vector<std::unique_ptr<Leader>> leaders;
    for (int i = 0; i < 4; ++i) {
      leaders.push_back(std::make_unique<Leader>(schedule.database(), std::to_string(i), 30s));
    }
    Timestamp latest = kStart;
    for (int step = 0; step < 120; ++step) {
      clock.advance(milliseconds(pick(0, 19) == 0 ? pick(-8000, 40'000) : pick(0, 1200)));
      latest = std::max(latest, now());
      Leader& leader = *leaders[static_cast<std::size_t>(pick(0, 3))];
      if (pick(0, 3) == 0 && leader.campaign()) leader.set_anew();
      for (const char* name : {"a", "b", "c"}) {
        const auto fired = leader.try_fire(schedule.broker(), name, 1h);
        if (!fired) CHECK(fired.error().code == "leader.lost");
      }
    }
    clock.advance(latest - now() + 60s);
    Leader& last = *leaders[0];
    REQUIRE(eventually([&] { return last.campaign(); }));
    last.set_anew();
    for (const char* name : {"a", "b", "c"}) {
      while (last.fire(schedule.broker(), name, 1h).outcome != FireOutcome::none) continue;
    }
    std::vector<std::string> expected;
    for (const char* name : {"a", "b", "c"}) {
      for (Timestamp time = kStart + 1s; time <= now(); time += 1s) {
        expected.push_back(task_id(name, time));
      }
    }
    CHECK(schedule.queued() == expected);
  }
}

}  // namespace selvage::schedule
