#include "schedule/beat.hpp"

#include <fstream>

#include "integration/schedule/schedule_fixture.hpp"

namespace selvage::schedule {

namespace {

void write_file(const std::filesystem::path& file, std::string_view text) {
  std::ofstream stream(file.string() + ".new");
  stream << text;
  stream.close();
  std::filesystem::rename(file.string() + ".new", file);
}

// Each second from the first queued one to the last, none missing and none twice.
void check_every_second(const std::vector<std::string>& ids, const std::string& name,
                        std::size_t at_least) {
  REQUIRE(ids.size() >= at_least);
  const auto first = parse_rfc3339(std::string_view(ids.front()).substr(name.size() + 1));
  REQUIRE(first);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    REQUIRE(ids[i] == task_id(name, *first + seconds(i)));
  }
}

}  // namespace

TEST_CASE("a beat fires each second of a one-second entry, and an entry that appears meanwhile") {
  Schedule schedule;
  schedule.save(entry_every("tick", "1s"));
  RunningBeat beat(schedule);
  CHECK(eventually([&] { return schedule.queued().size() >= 2; }));
  Entry other = entry_every("other", "1s");
  other.queue = "slow";
  schedule.save(other);
  CHECK(eventually([&] { return schedule.queued("slow").size() >= 2; }));
  beat.stop();
  check_every_second(schedule.queued(), "tick", 3);
  check_every_second(schedule.queued("slow"), "other", 2);
  CHECK(beat.fires("tick", "fired") == schedule.queued().size());
}

TEST_CASE("of several beats one fires, and when it stops another goes on at once") {
  Schedule schedule;
  schedule.save(entry_every("tick", "1s"));
  auto first = std::make_unique<RunningBeat>(schedule, quick_options("beat-1"));
  CHECK(eventually([&] { return first->leads(); }));
  RunningBeat second(schedule, quick_options("beat-2"));
  RunningBeat third(schedule, quick_options("beat-3"));
  CHECK(eventually([&] { return schedule.queued().size() >= 2; }));
  CHECK(!second.leads());
  CHECK(!third.leads());
  first->stop();
  CHECK(eventually([&] { return second.leads() || third.leads(); }));
  const std::size_t so_far = schedule.queued().size();
  CHECK(eventually([&] { return schedule.queued().size() >= so_far + 2; }));
  second.stop();
  third.stop();
  check_every_second(schedule.queued(), "tick", 4);
}

TEST_CASE("the lead goes with the lease, and what became late meanwhile fires") {
  Schedule schedule;
  schedule.save(entry_every("tick", "1s"));
  // a leader that will never fire, as one that was frozen
  work::LeaderLease frozen(schedule.database(), std::string(kOffice), "frozen", 2s);
  REQUIRE(value(await(frozen.campaign())));
  RunningBeat beat(schedule);
  CHECK(!beat.leads());
  CHECK(eventually([&] { return schedule.queued().size() >= 3; }));
  beat.stop();
  check_every_second(schedule.queued(), "tick", 3);
}

TEST_CASE("jumps of the clock are noticed while it runs") {
  Schedule schedule;
  ScopedClock clock(from_unix_ms(1'700'000'000'000));
  schedule.save(entry_every("hourly", "1h", CatchUp::all));
  RunningBeat beat(schedule);
  CHECK(eventually([&] { return beat.leads(); }));
  clock.advance(3h);
  CHECK(eventually([&] { return schedule.queued().size() == 3; }));
  CHECK(eventually([&] { return schedule.find("hourly")->next_at > now(); }));
  clock.advance(-2h);
  CHECK(eventually([&] { return schedule.find("hourly")->next_at < now() + 1h; }));
  clock.advance(3h);  // one beyond what has fired
  CHECK(eventually([&] { return schedule.queued().size() == 4; }));
  CHECK(eventually([&] { return beat.fires("hourly", "duplicate") >= 1; }));
  CHECK(schedule.queued().size() == 4);
}

TEST_CASE("the file is taken over at the start and when it changes; a broken one changes nothing") {
  Schedule schedule;
  const auto file = schedule.directory() / "schedules.json";
  write_file(file, R"({"schedules": [{"name": "a", "every": "1h", "task": "t"}]})");
  BeatOptions options = quick_options();
  options.file = file;
  options.rules.default_queue = "celery";
  RunningBeat beat(schedule, options);
  const auto file_ok = [&] { return beat.metrics().gauge("schedule_file_ok", "").value() == 1; };
  CHECK(eventually([&] { return schedule.find("a").has_value(); }));
  write_file(file, R"({"schedules": [{"name": "b", "every": "1h", "task": "t"}]})");
  CHECK(eventually([&] { return schedule.find("b").has_value(); }));
  CHECK(!schedule.find("a"));
  CHECK(file_ok());
  {
    log::CaptureForTest captured;
    write_file(file, R"({"schedules": [{"name": "c", "every": "0s", "task": "t"}]})");
    CHECK(eventually([&] { return !file_ok(); }));
    CHECK(eventually([&] { return captured.contains("schedules.json:1: c.every"); }));
  }
  CHECK(schedule.find("b"));
  write_file(file, R"({"schedules": []})");
  CHECK(eventually([&] { return file_ok() && !schedule.find("b"); }));
}

TEST_CASE("one entry that cannot fire does not hold up the others") {
  Schedule schedule;
  schedule.save(entry_every("broken", "1s"));
  schedule.save(entry_every("tick", "1s"));
  schedule.write([](data::Transaction& tx) {
    return tx.execute("UPDATE schedules SET definition = '{}' WHERE name = 'broken'");
  });
  log::CaptureForTest captured;
  RunningBeat beat(schedule);
  CHECK(eventually([&] { return schedule.queued().size() >= 2; }));
  CHECK(eventually([&] { return beat.fires("broken", "failed") >= 1; }));
  CHECK(captured.contains("schedule_fire_failed"));
  // removed, it is no trouble any more
  schedule.write([](data::Transaction& tx) { return remove_entry(tx, "broken"); });
  const auto failed = beat.fires("broken", "failed");
  CHECK(eventually([&] { return schedule.queued().size() >= 4; }));
  CHECK(beat.fires("broken", "failed") <= failed + 1);
}

}  // namespace selvage::schedule
