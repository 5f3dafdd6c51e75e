#include "celery/node.hpp"

#include "integration/celery/celery_fixture.hpp"

namespace selvage::celery {

TEST_CASE("Celery node: a task's result is stored as its client reads it, then the task is gone") {
  SELVAGE_NEED_REDIS();
  CeleryWorld world;
  world.start();
  const std::string id = world.send("echo", R"([1, "é", null])");
  REQUIRE(world.reaches(id, "SUCCESS"));
  const json::value stored = world.result(id);
  CHECK(stored.at("result") == parsed_json(R"([1, "é", null])"));
  CHECK(stored.at("traceback").is_null());
  CHECK(stored.at("children").get_array().empty());
  CHECK(std::string(stored.at("date_done").get_string()).ends_with("+00:00"));
  CHECK(stored.at("task_id").get_string() == id);
  CHECK(eventually([&] { return !world.find(id); }));
  const int kept = std::stoi(world.redis.cli({"TTL", "celery-task-meta-" + id}));
  CHECK(kept > 86'000);
  CHECK(kept <= 86'400);
  CHECK(world.metrics.exposition().contains("name=\"echo\",queue_name=\"celery\"} 1"));
}

TEST_CASE("Celery node: an exception is stored with its type, its message and its module") {
  SELVAGE_NEED_REDIS();
  CeleryWorld world;
  world.start();
  const std::string id = world.send("boom");
  REQUIRE(world.reaches(id, "FAILURE"));
  CHECK(world.result(id).at("result") ==
        parsed_json(
            R"({"exc_type": "ValueError", "exc_message": ["boom"], "exc_module": "builtins"})"));
  CHECK(eventually([&] { return !world.find(id); }));
}

TEST_CASE("Celery node: a task whose result is ignored stores nothing") {
  SELVAGE_NEED_REDIS();
  CeleryWorld world;
  world.start();
  const std::string quiet = world.send("echo", "[]", {.ignore_result = true});
  const std::string loud = world.send("echo");
  REQUIRE(world.reaches(loud, "SUCCESS"));
  CHECK(eventually([&] { return !world.find(quiet); }));
  CHECK(world.calls->count(quiet) == 1);
  CHECK(world.state(quiet) == "PENDING");
}

TEST_CASE("Celery node: a retry waits in the queue, is counted, and its state can be read") {
  SELVAGE_NEED_REDIS();
  CeleryWorld world;
  world.start();
  const std::string id = world.send("third_time");
  REQUIRE(world.reaches(id, "SUCCESS"));
  CHECK(world.result(id).at("result") == 2);
  const std::string sent_twice = world.send("third_time", "[]", {.retries = 1});
  REQUIRE(world.reaches(sent_twice, "SUCCESS"));
  CHECK(world.result(sent_twice).at("result") == 2);
}

TEST_CASE("Celery node: an eta is kept in the queue and not counted as a retry") {
  SELVAGE_NEED_REDIS();
  CeleryWorld world;
  world.start();
  const Timestamp eta = now() + milliseconds(700);
  const std::string id = world.send("third_time", "[]", {.eta = eta});
  CHECK(eventually([&] {
    const auto task = world.find(id);
    return task && task->state == "delayed" && task->deliveries == 0;
  }));
  REQUIRE(world.reaches(id, "SUCCESS"));
  CHECK(now() >= eta);
  CHECK(world.result(id).at("result") == 2);
}

TEST_CASE("Celery node: what expired is revoked and never run") {
  SELVAGE_NEED_REDIS();
  CeleryWorld world;
  const std::string id = world.send("echo", "[]", {.expires = now() - seconds(1)});
  world.start();
  REQUIRE(world.reaches(id, "REVOKED"));
  CHECK(world.result(id).at("result").at("exc_type").get_string() == "TaskRevokedError");
  CHECK(world.result(id).at("result").at("exc_message").get_array()[0].get_string() == "expired");
  CHECK(world.calls->count(id) == 0);
  CHECK(eventually([&] { return !world.find(id); }));
  CHECK(world.metrics.exposition().contains("celery_task_revoked_total"));
}

TEST_CASE("Celery node: an unknown name goes to the dead letters, and its client hears of it") {
  SELVAGE_NEED_REDIS();
  CeleryWorld world;
  world.start();
  const std::string id = world.send("nobody.knows.it");
  REQUIRE(world.reaches(id, "FAILURE"));
  CHECK(world.result(id).at("result").at("exc_type").get_string() == "NotRegistered");
  REQUIRE(eventually([&] {
    const auto task = world.find(id);
    return task && task->state == "dead";
  }));
  CHECK(world.find(id)->reason == "nobody.knows.it[" + id + "]: NotRegistered: nobody.knows.it");
  CHECK(world.metrics.exposition().contains("name=\"unregistered\""));
  // revived later, when the name is known, it would run: its failure does not count as its end
  CHECK_FALSE(world.result(id).get_object().contains("delivery"));
}

TEST_CASE("Celery node: a message that cannot be read is a dead letter with the reason") {
  SELVAGE_NEED_REDIS();
  CeleryWorld world;
  world.push("pickled",
             R"({"body": "gASV", "content-type": "application/x-python-serialize",
                 "headers": {"task": "echo", "id": "pickled"}, "properties": {}})");
  world.push("nonsense", "not even JSON");
  world.start();
  REQUIRE(world.reaches("pickled", "FAILURE"));
  CHECK(eventually([&] { return world.find("pickled")->state == "dead"; }));
  CHECK(world.find("pickled")->reason.starts_with("echo[pickled]: celery.content_type:"));
  CHECK(eventually([&] { return world.find("nonsense")->state == "dead"; }));
  CHECK(world.find("nonsense")->reason.starts_with("celery.malformed:"));
}

TEST_CASE("Celery node: time limits of the message stop a task") {
  SELVAGE_NEED_REDIS();
  CeleryWorld world;
  world.start();
  const std::string soft =
      world.send("sleep", "[]", {.hard_limit = seconds(50), .soft_limit = milliseconds(200)});
  const std::string hard = world.send("sleep", "[]", {.hard_limit = milliseconds(250)});
  REQUIRE(world.reaches(soft, "FAILURE"));
  REQUIRE(world.reaches(hard, "FAILURE"));
  CHECK(world.result(soft).at("result").at("exc_type").get_string() == "SoftTimeLimitExceeded");
  CHECK(world.result(hard).at("result").at("exc_type").get_string() == "TimeLimitExceeded");
  CHECK(world.result(hard).at("result").at("exc_message").get_array()[0] == 0.25);
}

TEST_CASE("Celery node: a bug in a function fails its task alone") {
  SELVAGE_NEED_REDIS();
  CeleryWorld world;
  world.start();
  const std::string id = world.send("crash");
  const std::string other = world.send("echo");
  REQUIRE(world.reaches(id, "FAILURE"));
  REQUIRE(world.reaches(other, "SUCCESS"));
  CHECK(world.result(id).at("result").at("exc_type").get_string() == "RuntimeError");
  CHECK(eventually([&] { return world.find(id)->state == "dead"; }));
}

TEST_CASE("Celery node: progress is a state that can be read while the task runs") {
  SELVAGE_NEED_REDIS();
  CeleryWorld world;
  world.start();
  const std::string id = world.send("slow_steps");
  REQUIRE(world.reaches(id, "PROGRESS"));
  CHECK(world.result(id).at("result") == parsed_json(R"({"done": 1, "of": 2})"));
  CHECK(world.result(id).at("date_done").is_null());
}

TEST_CASE("Celery node: a drained node hands running tasks back, and nothing is stored of them") {
  SELVAGE_NEED_REDIS();
  CeleryWorld world;
  world.start();
  const std::string id = world.send("sleep");
  CHECK(eventually([&] { return world.find(id)->state == "leased"; }));
  world.stop(milliseconds(50));
  CHECK(world.find(id)->state == "ready");
  CHECK(world.find(id)->deliveries == 0);
  CHECK(world.state(id) == "PENDING");
}

TEST_CASE("Celery node: who died between result and ack has the task not run again") {
  SELVAGE_NEED_REDIS();
  CeleryWorld world;
  const std::string id = world.send("echo", "[1]", {.then = {.chain = R"([{"task": "next"}])"}});
  // what a worker leaves that was killed right before its ack
  const auto lease = work::value(
      work::await(world.queue.broker->lease("celery", "dead worker", 1, milliseconds(1))));
  REQUIRE(lease.size() == 1);
  const std::string tag = parse_message(lease[0].payload)->delivery_tag;
  world.redis.cli({"SET", "celery-task-meta-" + id,
                   R"({"status": "SUCCESS", "result": 1, "task_id": ")" + id +
                       R"(", "delivery": ")" + tag + "\"}"});
  world.start();
  CHECK(eventually([&] { return !world.find(id); }));
  CHECK(world.calls->count(id) == 0);
  CHECK(world.published().empty());
}

TEST_CASE("Celery node: who died before the result has the task run again") {
  SELVAGE_NEED_REDIS();
  CeleryWorld world;
  const std::string id = world.send("echo", "[1]");
  CHECK(work::value(
            work::await(world.queue.broker->lease("celery", "dead worker", 1, milliseconds(1))))
            .size() == 1);
  // a result of the same id that another message left
  world.redis.cli({"SET", "celery-task-meta-" + id,
                   R"({"status": "FAILURE", "result": null, "delivery": "another"})"});
  world.start();
  REQUIRE(world.reaches(id, "SUCCESS"));
  CHECK(world.calls->count(id) == 1);
}

TEST_CASE("Celery node: without Redis tasks run, and what needs results says so") {
  SELVAGE_NEED_REDIS();
  CeleryWorld world(false);
  world.start();
  const std::string id = world.send("echo", "[1]");
  const std::string chained =
      world.send("echo", "[1]", {.then = {.chain = R"([{"task": "next"}])"}});
  CHECK(eventually([&] { return !world.find(id); }));
  CHECK(world.calls->count(id) == 1);
  CHECK(eventually([&] { return !world.find(chained); }));
  CHECK(world.redis.cli({"DBSIZE"}) == "0");
  CHECK(world.metrics.exposition().contains("exception=\"InvalidTaskError\""));
}

TEST_CASE("Celery node: results wait while Redis is away, and are not lost") {
  SELVAGE_NEED_REDIS();
  CeleryWorld world;
  world.start();
  const std::string before = world.send("echo");
  REQUIRE(world.reaches(before, "SUCCESS"));
  world.redis.kill_nine();
  const std::string id = world.send("echo", "[7]");
  CHECK(eventually([&] { return world.calls->count(id) == 1; }));
  world.redis.start();
  REQUIRE(world.reaches(id, "SUCCESS"));
  CHECK(world.calls->count(id) == 1);
}

}  // namespace selvage::celery
