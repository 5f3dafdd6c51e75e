// Keys of Celery's in Redis that hold something else: another program's, or an operator's mistake.
#include "integration/celery/celery_fixture.hpp"

namespace selvage::celery {

namespace {

struct WrongKey {
  std::string ending;  // of celery-taskset-meta-<group>
  std::vector<std::string> put;
};

bool nothing_waits(CeleryWorld& world) {
  return eventually([&] { return work::value(work::await(world.queue.broker->depths())).empty(); });
}

}  // namespace

TEST_CASE(
    "Celery: a chord whose keys hold something else fails its callback, and its members end") {
  SELVAGE_NEED_REDIS();
  CeleryWorld world;
  world.start();
  const WrongKey wrongs[] = {{".t", {"HSET", "", "a", "1"}},
                             {".s", {"LPUSH", "", "1"}},
                             {".s", {"SET", "", "three"}},
                             {".j", {"SET", "", "taken"}}};
  int n = 0;
  for (const WrongKey& wrong : wrongs) {
    CAPTURE(wrong.ending);
    const std::string group = fmt::format("group-{}", n);
    const std::string last = fmt::format("last-{}", n++);
    std::vector<std::string> words = wrong.put;
    words[1] = "celery-taskset-meta-" + group + wrong.ending;
    world.redis.cli(words);
    if (wrong.ending != ".s") world.redis.cli({"SET", "celery-taskset-meta-" + group + ".s", "2"});
    const std::string chord =
        R"({"task": "echo", "options": {"task_id": ")" + last +
        R"(", "link_error": [{"task": "echo", "options": {"queue": "told"}}]}})";
    std::vector<std::string> members;
    for (std::int64_t i = 0; i < 2; ++i) {
      members.push_back(
          world.send("add", "[1]", {.group = group, .group_index = i, .then = {.chord = chord}}));
    }
    for (const std::string& member : members) REQUIRE(world.reaches(member, "SUCCESS"));
    REQUIRE(world.reaches(last, "FAILURE"));
    CHECK(world.result(last).at("result").at("exc_type").get_string() == "ChordError");
    REQUIRE(nothing_waits(world));
    CHECK(world.calls->count(last) == 0);
  }
  CHECK(world.published().empty());
  CHECK(world.published("told").size() == std::size(wrongs));
}

TEST_CASE("Celery: a chord whose callback has no queue to go to fails") {
  SELVAGE_NEED_REDIS();
  CeleryWorld world;
  world.start();
  world.redis.cli({"SET", "taken", "by a text"});
  world.redis.cli({"SET", "celery-taskset-meta-g.s", "1"});
  const std::string member = world.send(
      "add", "[1]",
      {.group = "g",
       .group_index = 0,
       .then = {.chord = R"({"task": "echo", "options": {"task_id": "last", "queue": "taken",
                             "link_error": [{"task": "echo", "options": {"queue": "taken"}}]}})"}});
  REQUIRE(world.reaches(member, "SUCCESS"));
  REQUIRE(world.reaches("last", "FAILURE"));
  REQUIRE(nothing_waits(world));
  CHECK(world.redis.cli({"GET", "taken"}) == "by a text");
}

TEST_CASE(
    "Celery: a task whose callback has no queue to go to is a dead letter, until it has one") {
  SELVAGE_NEED_REDIS();
  CeleryWorld world;
  world.start();
  world.redis.cli({"SET", "taken", "by a text"});
  const std::string id =
      world.send("add", "[1, 2]",
                 {.then = {.callbacks = R"([{"task": "echo", "options": {"queue": "taken"}},
                                 {"task": "echo", "options": {"queue": "other"}}])",
                           .errbacks = R"([{"task": "echo", "options": {"queue": "taken"}}])"}});
  REQUIRE(world.reaches(id, "FAILURE"));
  CHECK(eventually([&] { return world.find(id)->state == "dead"; }));
  CHECK(world.find(id)->reason.find("WRONGTYPE") != std::string::npos);
  CHECK(world.published("other").empty());  // all that follows a task does, or nothing

  world.redis.cli({"DEL", "taken"});
  CHECK(work::value(work::await(world.queue.broker->revive("celery", id))));
  REQUIRE(world.reaches(id, "SUCCESS"));
  CHECK(world.published("other").size() == 1);
  CHECK(world.published("taken").size() == 1);
}

}  // namespace selvage::celery
