#include "integration/celery/celery_fixture.hpp"

namespace selvage::celery {

namespace {

// Runs what the tasks set off, until nothing is published and nothing waits.
void run_all(CeleryWorld& world) {
  CHECK(eventually([&] {
    if (world.run_published() > 0) return false;
    return work::value(work::await(world.queue.broker->depths())).empty();
  }));
}

}  // namespace

TEST_CASE("Celery workflow: a chain goes from step to step, each called with the last result") {
  SELVAGE_NEED_REDIS();
  CeleryWorld world;
  world.start();
  const std::string first = world.send(
      "add", "[1, 2]",
      {.then = {.chain = R"([{"task": "add", "args": [100], "options": {"task_id": "last"}},
                             {"task": "add", "args": [10], "options": {"task_id": "next"}}])"}});
  REQUIRE(world.reaches(first, "SUCCESS"));
  // the first step's children name the second, as clients follow them
  CHECK(world.result(first).at("children") == parsed_json(R"([[["next", null], null]])"));
  const auto published = world.published();
  REQUIRE(published.size() == 1);
  CHECK(published[0].id == "next");
  CHECK(published[0].args == "[3, 10]");
  CHECK(published[0].root_id == first);
  CHECK(published[0].parent_id == first);
  run_all(world);
  CHECK(world.result("next").at("result") == 13);
  CHECK(world.result("last").at("result") == 113);
  CHECK(world.result("last").at("parent_id").get_string() == "next");
}

TEST_CASE(
    "Celery workflow: callbacks get the result, immutable ones do not, error callbacks the id") {
  SELVAGE_NEED_REDIS();
  CeleryWorld world;
  world.start();
  const std::string good = world.send(
      "add", "[1]",
      {.then = {.callbacks = R"([{"task": "echo", "args": ["x"], "options": {"queue": "other"}},
                                 {"task": "echo", "args": ["y"], "immutable": true,
                                  "options": {"priority": 6}}])",
                .errbacks = R"([{"task": "never"}])"}});
  const std::string bad = world.send("boom", "[]",
                                     {.then = {.callbacks = R"([{"task": "never"}])",
                                               .errbacks = R"([{"task": "echo", "args": [9]}])"}});
  REQUIRE(world.reaches(good, "SUCCESS"));
  REQUIRE(world.reaches(bad, "FAILURE"));
  const auto other = world.published("other");
  REQUIRE(other.size() == 1);
  CHECK(other[0].args == R"([1, "x"])");
  const auto urgent = world.published(
      "celery\x06\x16"
      "6");
  REQUIRE(urgent.size() == 1);
  CHECK(urgent[0].args == R"(["y"])");
  const auto told = world.published();
  REQUIRE(told.size() == 1);
  CHECK(told[0].task == "echo");
  CHECK(told[0].args == "[\"" + bad + "\", 9]");
}

TEST_CASE("Celery workflow: when a step of a chain fails, those after it fail with it") {
  SELVAGE_NEED_REDIS();
  CeleryWorld world;
  world.start();
  const std::string id = world.send(
      "boom", "[]", {.then = {.chain = R"([{"task": "echo", "options": {"task_id": "last"}},
                             {"task": "echo", "options": {"task_id": "next"}}])"}});
  REQUIRE(world.reaches("last", "FAILURE"));
  CHECK(world.result("next").at("result").at("exc_type").get_string() == "ValueError");
  CHECK(world.published().empty());
  CHECK(world.state(id) == "FAILURE");
}

TEST_CASE("Celery workflow: a chord's callback gets the results in the order of the group, once") {
  SELVAGE_NEED_REDIS();
  CeleryWorld world;
  const std::string callback = R"({"task": "add", "options": {"task_id": "sum"}})";
  constexpr int kMembers = 20;
  world.redis.cli({"SET", "celery-taskset-meta-g.s", std::to_string(kMembers)});
  for (int i = kMembers - 1; i >= 0; --i) {
    world.send("add", "[" + std::to_string(i) + "]",
               {.group = "g", .group_index = i, .then = {.chord = callback}});
  }
  world.start();
  REQUIRE(eventually([&] { return !world.published().empty(); }));
  CHECK(eventually([&] { return world.redis.cli({"EXISTS", "celery-taskset-meta-g.j"}) == "0"; }));
  const auto published = world.published();
  REQUIRE(published.size() == 1);
  CHECK(published[0].id == "sum");
  CHECK(published[0].args ==
        "[[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]]");
  run_all(world);
  CHECK(world.result("sum").at("result") == 190);
}

TEST_CASE(
    "Celery workflow: a chord with a failed member fails its callback and tells its errback") {
  SELVAGE_NEED_REDIS();
  CeleryWorld world;
  const std::string callback =
      R"({"task": "add", "options": {"task_id": "sum", "link_error": [{"task": "echo"}]}})";
  world.redis.cli({"SET", "celery-taskset-meta-g.s", "2"});
  world.send("add", "[1]", {.group = "g", .group_index = 0, .then = {.chord = callback}});
  const std::string bad =
      world.send("boom", "[]", {.group = "g", .group_index = 1, .then = {.chord = callback}});
  world.start();
  REQUIRE(world.reaches("sum", "FAILURE"));
  const json::value why = world.result("sum").at("result");
  CHECK(why.at("exc_type").get_string() == "ChordError");
  CHECK(why.at("exc_message").get_array()[0].get_string() ==
        "Dependency " + bad + " raised ValueError('boom')");
  const auto told = world.published();
  REQUIRE(told.size() == 1);
  CHECK(told[0].args == R"(["sum"])");
}

TEST_CASE("Celery workflow: a group, a chord and a chain among the steps are taken apart") {
  SELVAGE_NEED_REDIS();
  CeleryWorld world;
  world.start();
  // add(1) | group(add(10), add(20) | add(100)) | add
  const std::string first = world.send(
      "add", "[1]",
      {.then = {.chain = R"([{"task": "celery.chord", "subtask_type": "chord", "args": [],
          "options": {"task_id": "group"}, "immutable": false,
          "kwargs": {"kwargs": {},
            "header": {"task": "celery.group", "subtask_type": "group", "args": [],
              "options": {"task_id": "group"},
              "kwargs": {"tasks": [
                {"task": "add", "args": [10], "kwargs": {}, "options": {"task_id": "a"}},
                {"task": "celery.chain", "subtask_type": "chain", "args": [], "options": {},
                 "kwargs": {"tasks": [
                   {"task": "add", "args": [20], "options": {}},
                   {"task": "add", "args": [100], "options": {"task_id": "b"}}]}}]}},
            "body": {"task": "add", "args": [], "kwargs": {},
                     "options": {"task_id": "all"}}}}])"}});
  REQUIRE(world.reaches(first, "SUCCESS"));
  CHECK(world.redis.cli({"GET", "celery-taskset-meta-group.s"}) == "2");
  run_all(world);
  REQUIRE(world.reaches("all", "SUCCESS"));
  CHECK(world.result("a").at("result") == 11);
  CHECK(world.result("b").at("result") == 121);
  CHECK(world.result("all").at("result") == 132);
}

TEST_CASE("Celery workflow: a task repeated after its steps were published repeats none of them") {
  SELVAGE_NEED_REDIS();
  CeleryWorld world;
  world.start();
  MessageOptions options{.ignore_result = true, .then = {.chain = R"([{"task": "echo"}])"}};
  const auto made = make_message("add", "[1]", "{}", options);
  REQUIRE(made.has_value());
  world.push("one", made->text);  // the same message, delivered twice
  world.push("two", made->text);
  CHECK(eventually([&] { return !world.find("one") && !world.find("two"); }));
  CHECK(world.published().size() == 1);
}

TEST_CASE("Celery workflow: results and queues on different servers work alike") {
  SELVAGE_NEED_REDIS();
  CeleryWorld world;
  RunningRedis elsewhere;
  NodeOptions options = world.options();
  auto url = data::RedisUrl::parse(elsewhere.url("/1"));
  REQUIRE(url.has_value());
  options.results = *url;
  options.key_prefix = "shop:";
  options.result_prefix = "shop";
  world.start(std::move(options));
  const std::string callback = R"({"task": "add", "options": {"task_id": "sum"}})";
  elsewhere.cli({"-n", "1", "SET", "shop_celery-taskset-meta-g.s", "1"});
  const auto made =
      make_message("add", "[5]", "{}",
                   {.group = "g",
                    .group_index = 0,
                    .then = {.callbacks = R"([{"task": "echo"}])", .chord = callback}});
  REQUIRE(made.has_value());
  world.queue.enqueue({{.id = made->id, .queue = "shop:celery", .payload = made->text}});
  CHECK(eventually([&] { return world.published("shop:celery").size() == 2; }));
  const std::string stored = elsewhere.cli({"-n", "1", "GET", "shop_celery-task-meta-" + made->id});
  REQUIRE_FALSE(stored.empty());
  CHECK(parsed_json(stored).at("result") == 5);
  CHECK(world.redis.cli({"KEYS", "*task-meta*"}).empty());
}

TEST_CASE("Celery workflow: what cannot be a step fails the task that names it") {
  SELVAGE_NEED_REDIS();
  CeleryWorld world;
  world.start();
  const std::string id =
      world.send("add", "[1]", {.then = {.chain = R"([{"no task": "at all"}])"}});
  REQUIRE(world.reaches(id, "FAILURE"));
  CHECK(world.result(id).at("result").at("exc_type").get_string() == "InvalidTaskError");
}

}  // namespace selvage::celery
