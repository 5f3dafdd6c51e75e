#include "schedule/schedule_table.hpp"

#include "integration/schedule/schedule_fixture.hpp"

namespace selvage::schedule {

namespace {

std::vector<std::string> take_over(Schedule& schedule, std::vector<Entry> entries) {
  return schedule.write([&](data::Transaction& tx) { return take_over_file(tx, entries, now()); });
}

void enable(Schedule& schedule, const std::string& name, bool enabled) {
  schedule.write([&](data::Transaction& tx) { return enable_entry(tx, name, enabled, now()); });
}

}  // namespace

TEST_CASE(
    "an entry starts with its next time, and keeps what is pending when only its task changes") {
  Schedule schedule;
  ScopedClock clock(from_unix_ms(1'700'000'005'000));
  Entry entry = entry_every("tick", "10s");
  schedule.save(entry);
  CHECK(schedule.find("tick")->next_at == from_unix_ms(1'700'000'010'000));
  clock.advance(60s);
  entry.task = "tests.tock";
  schedule.save(entry);
  CHECK(schedule.find("tick")->next_at == from_unix_ms(1'700'000'010'000));
  CHECK(schedule.find("tick")->entry.task == "tests.tock");
  schedule.save(entry_every("tick", "20s"));
  CHECK(schedule.find("tick")->next_at == from_unix_ms(1'700'000'080'000));
}

TEST_CASE("an entry that was off goes on from now, without what passed meanwhile") {
  Schedule schedule;
  ScopedClock clock(from_unix_ms(1'700'000'005'000));
  schedule.save(entry_every("tick", "10s"));
  enable(schedule, "tick", false);
  CHECK(!schedule.find("tick")->entry.enabled);
  clock.advance(1h);
  enable(schedule, "tick", true);
  CHECK(schedule.find("tick")->next_at == from_unix_ms(1'700'003'610'000));
  enable(schedule, "tick", true);
}

TEST_CASE("unknown names are said") {
  Schedule schedule;
  const auto removed = schedule.database().write_blocking(
      [](data::Transaction& tx) { return remove_entry(tx, "nobody"); });
  REQUIRE(!removed);
  CHECK(removed.error().code == "schedule.unknown");
  const auto enabled = schedule.database().write_blocking(
      [](data::Transaction& tx) { return enable_entry(tx, "nobody", true, now()); });
  REQUIRE(!enabled);
  CHECK(enabled.error().code == "schedule.unknown");
}

TEST_CASE("a file's entries follow the file; people's entries are left alone") {
  Schedule schedule;
  schedule.save(entry_every("mine", "10s"));
  CHECK(take_over(schedule, {entry_every("a", "10s"), entry_every("b", "10s")}).empty());
  CHECK(schedule.list().size() == 3);
  const auto next_of_a = schedule.find("a")->next_at;
  Entry b = entry_every("b", "10s");
  b.task = "tests.other";
  CHECK(take_over(schedule, {entry_every("a", "10s"), b, entry_every("c", "10s")}).empty());
  CHECK(schedule.find("a")->next_at == next_of_a);
  CHECK(schedule.find("b")->entry.task == "tests.other");
  CHECK(schedule.find("c")->source == Source::file);
  CHECK(take_over(schedule, {}).empty());
  REQUIRE(schedule.list().size() == 1);
  CHECK(schedule.list()[0].entry.name == "mine");
}

TEST_CASE("a file's entry that a person turned off stays off until the file changes it") {
  Schedule schedule;
  take_over(schedule, {entry_every("a", "10s")});
  enable(schedule, "a", false);
  take_over(schedule, {entry_every("a", "10s")});
  CHECK(!schedule.find("a")->entry.enabled);
  take_over(schedule, {entry_every("a", "30s")});
  CHECK(schedule.find("a")->entry.enabled);
}

TEST_CASE("neither a file nor a person takes over the other's entry") {
  Schedule schedule;
  schedule.save(entry_every("mine", "10s"));
  take_over(schedule, {entry_every("yours", "10s")});
  CHECK(take_over(schedule, {entry_every("mine", "99s"), entry_every("yours", "10s")}) ==
        std::vector<std::string>{"mine"});
  CHECK(schedule.find("mine")->entry.every == "10s");
  const auto saved = schedule.database().write_blocking([](data::Transaction& tx) {
    return save_entry(tx, entry_every("yours", "99s"), Source::database, now());
  });
  REQUIRE(!saved);
  CHECK(saved.error().code == "schedule.of_file");
}

TEST_CASE("an entry whose definition can no longer be read is shown with its problem") {
  Schedule schedule;
  schedule.save(entry_every("tick", "10s"));
  schedule.save(entry_every("well", "10s"));
  schedule.write([](data::Transaction& tx) {
    return tx.execute(
        "UPDATE schedules SET definition = '{\"cron\": \"* * * * *\","
        " \"timezone\": \"Gone/Away\", \"task\": \"t\"}' WHERE name = 'tick'");
  });
  const auto entries = schedule.list();
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].problem.contains("Gone/Away"));
  CHECK(entries[1].problem.empty());
}

}  // namespace selvage::schedule
