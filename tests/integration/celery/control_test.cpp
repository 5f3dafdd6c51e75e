// Events and remote control, as monitors and `celery inspect` see them on the wire.
#include "base/crypto.hpp"
#include "integration/celery/celery_fixture.hpp"

namespace selvage::celery {

namespace {

// Asks the node as kombu's mailbox does and waits for its answer.
json::value ask(CeleryWorld& world, std::string_view method, std::string_view arguments = "{}",
                std::string_view destination = "null") {
  static int asked = 0;
  const std::string key = "asker" + std::to_string(++asked);
  const std::string body = R"({"method": ")" + std::string(method) + R"(", "arguments": )" +
                           std::string(arguments) + R"(, "destination": )" +
                           std::string(destination) +
                           R"(, "pattern": null, "matcher": null, "ticket": "t-1", "reply_to":
          {"exchange": "reply.celery.pidbox", "routing_key": ")" +
                           key + R"("}})";
  const std::string envelope =
      R"({"body": ")" + base64(body) +
      R"(", "content-encoding": "utf-8", "content-type": "application/json",
          "headers": {"clock": 41, "expires": 0},
          "properties": {"body_encoding": "base64", "delivery_tag": "x"}})";
  // the subscription may still be on its way
  REQUIRE(eventually(
      [&] { return world.redis.cli({"PUBSUB", "NUMSUB", "/0.celery.pidbox"}).ends_with("1"); }));
  CHECK(world.redis.cli({"PUBLISH", "/0.celery.pidbox", envelope}) == "1");
  std::string text;
  const std::string list = key + ".reply.celery.pidbox";
  eventually(
      [&] {
        text = world.redis.cli({"RPOP", list});
        return !text.empty();
      },
      destination == "null" ? seconds(10) : milliseconds(500));
  if (text.empty()) return {};
  const json::value answer = parsed_json(text);
  CHECK(answer.at("headers").at("ticket").get_string() == "t-1");
  CHECK(answer.at("headers").at("clock").get_int64() > 41);
  std::string content;
  REQUIRE(decode_base64(answer.at("body").get_string(), content));
  const json::value value = parsed_json(content);
  REQUIRE(value.get_object().size() == 1);
  REQUIRE(value.get_object().contains("selvage@test"));
  return value.at("selvage@test");
}

std::string text(const json::value& v, std::string_view key) {
  return std::string(v.at(key).get_string());
}

}  // namespace

TEST_CASE("Celery control: a node answers inspection") {
  SELVAGE_NEED_REDIS();
  CeleryWorld world;
  world.start();
  CHECK(text(ask(world, "ping"), "ok") == "pong");
  CHECK(ask(world, "ping", "{}", R"(["celery@other"])").is_null());
  CHECK(text(ask(world, "ping", "{}", R"(["celery@other", "selvage@test"])"), "ok") == "pong");
  CHECK(ask(world, "reserved") == parsed_json("[]"));

  const std::string id = world.send("sleep", R"([1, "x"])");
  CHECK(eventually([&] { return world.find(id)->state == "leased"; }));
  const json::value active = ask(world, "active");
  REQUIRE(active.get_array().size() == 1);
  const json::value& task = active.get_array()[0];
  CHECK(text(task, "id") == id);
  CHECK(text(task, "name") == "sleep");
  CHECK(task.at("args") == parsed_json(R"([1, "x"])"));
  CHECK(text(task, "hostname") == "selvage@test");
  CHECK(text(task.at("delivery_info"), "routing_key") == "celery");
  CHECK_FALSE(task.at("acknowledged").get_bool());
  const json::value asked = ask(world, "query_task", R"({"ids": [")" + id + R"(", "unknown"]})");
  CHECK(asked.get_object().size() == 1);
  CHECK(asked.at(id).get_array()[0].get_string() == "active");

  const json::value stats = ask(world, "stats");
  CHECK(stats.at("pool").at("max-concurrency") == 8);
  CHECK(stats.at("pool").at("processes").get_array().size() == 1);
  CHECK(stats.at("total").at("sleep") == 1);
  CHECK(text(stats.at("broker"), "transport") == "redis");
  CHECK(stats.at("rusage").at("maxrss").get_int64() > 0);
  CHECK(text(ask(world, "active_queues").get_array()[0], "name") == "celery");
  const json::value registered = ask(world, "registered");
  CHECK(std::ranges::find(registered.get_array(), json::value("echo")) !=
        registered.get_array().end());
  CHECK(std::ranges::find(registered.get_array(), json::value("celery.accumulate")) ==
        registered.get_array().end());
  CHECK(ask(world, "conf").at("task_acks_late").get_bool());
  CHECK(text(ask(world, "report"), "ok").contains("selvage"));
  CHECK(text(ask(world, "sing"), "error").contains("no remote control method"));

  const std::string later = world.send("echo", "[]", {.eta = now() + seconds(600)});
  CHECK(eventually([&] { return world.find(later)->state == "delayed"; }));
  const json::value scheduled = ask(world, "scheduled");
  REQUIRE(scheduled.get_array().size() == 1);
  CHECK(text(scheduled.get_array()[0].at("request"), "id") == later);
}

TEST_CASE("Celery control: of many tasks that wait, the first thousand to fall due are shown") {
  SELVAGE_NEED_REDIS();
  CeleryWorld world;
  NodeOptions options = world.options();
  options.queues = {"celery", "second"};
  std::vector<work::NewTask> tasks;
  const Timestamp start = now() + seconds(1000);
  for (int i = 1'200; i > 0; --i) {
    const Timestamp eta = start + seconds(i);
    const auto made = make_message("echo", "[]", "{}", {.id = std::to_string(i), .eta = eta});
    REQUIRE(made.has_value());
    tasks.push_back({.id = made->id,
                     .queue = i % 2 == 0 ? "celery" : "second",
                     .payload = made->text,
                     .run_at = eta});
  }
  world.queue.enqueue(std::move(tasks));
  world.start(std::move(options));
  const json::value scheduled = ask(world, "scheduled");
  REQUIRE(scheduled.get_array().size() == 1'000);
  for (int i = 1; i <= 1'000; ++i) {
    CHECK(text(scheduled.get_array()[static_cast<std::size_t>(i - 1)].at("request"), "id") ==
          std::to_string(i));
  }
}

TEST_CASE("Celery control: revoking stops what waits and, when told to, what runs") {
  SELVAGE_NEED_REDIS();
  CeleryWorld world;
  world.start();
  const std::string running = world.send("sleep");
  CHECK(eventually([&] { return world.find(running)->state == "leased"; }));
  CHECK(text(ask(world, "revoke", R"({"task_id": "waits", "terminate": false})"), "ok") ==
        "tasks waits flagged as revoked");
  world.send("echo", "[]", {.id = "waits"});
  REQUIRE(world.reaches("waits", "REVOKED"));
  CHECK(world.calls->count("waits") == 0);

  CHECK(text(ask(world, "revoke", R"({"task_id": ["nowhere"], "terminate": true})"), "ok") ==
        "terminate: tasks unknown");
  CHECK(text(ask(world, "revoke", R"({"task_id": [")" + running + R"("], "terminate": true,
                                      "signal": "SIGTERM"})"),
             "ok") == "terminate: " + running);
  REQUIRE(world.reaches(running, "REVOKED"));
  CHECK(world.result(running).at("result").at("exc_message").get_array()[0].get_string() ==
        "terminated");
  CHECK(ask(world, "revoked").get_array().size() == 3);

  // a node that starts later knows them too
  world.stop();
  world.send("echo", "[]", {.id = "nowhere"});
  world.start();
  REQUIRE(world.reaches("nowhere", "REVOKED"));
  const json::value hello = ask(world, "hello", R"({"from_node": "celery@x", "revoked":
                                                    {"from-python": 12.5}})");
  CHECK(hello.at("revoked").get_object().contains("waits"));
  CHECK(hello.at("revoked").get_object().contains("from-python"));
}

TEST_CASE(
    "Celery control: places, queues, limits and events change at run time; the rest says no") {
  SELVAGE_NEED_REDIS();
  CeleryWorld world;
  world.start();
  CHECK(text(ask(world, "pool_grow", R"({"n": 4})"), "ok") == "pool will grow");
  CHECK(ask(world, "stats").at("pool").at("max-concurrency") == 12);
  CHECK(text(ask(world, "pool_shrink", R"({"n": 11})"), "ok") == "pool will shrink");
  CHECK(ask(world, "stats").at("pool").at("max-concurrency") == 1);
  CHECK(text(ask(world, "pool_shrink", R"({"n": 1})"), "error").contains("1 to 4096"));

  CHECK(text(ask(world, "add_consumer", R"({"queue": "unheard"})"), "error")
            .contains("CELERY_QUEUES"));
  CHECK(text(ask(world, "cancel_consumer", R"({"queue": "celery"})"), "ok") ==
        "no longer consuming from celery");
  CHECK(eventually([&] { return ask(world, "active_queues").get_array().empty(); }));
  const std::string id = world.send("echo");
  CHECK(eventually([&] {
    return ask(world, "add_consumer", R"({"queue": "celery"})").get_object().contains("ok");
  }));
  REQUIRE(world.reaches(id, "SUCCESS"));

  CHECK(text(ask(world, "time_limit", R"({"task_name": "sleep", "hard": 0.2, "soft": null})"),
             "ok") == "time limits set successfully");
  const std::string slow = world.send("sleep");
  REQUIRE(world.reaches(slow, "FAILURE"));
  CHECK(text(ask(world, "time_limit", R"({"task_name": "nobody"})"), "error") == "unknown task");
  CHECK(text(ask(world, "rate_limit", R"({"task_name": "echo", "rate_limit": "1/s"})"), "error")
            .contains("rate limit"));
  CHECK(text(ask(world, "disable_events"), "ok") == "task events disabled");
  CHECK(text(ask(world, "enable_events"), "ok") == "task events enabled");
  CHECK(text(ask(world, "enable_events"), "ok") == "task events already enabled");
  CHECK(ask(world, "heartbeat").is_null());
}

TEST_CASE("Celery control: shutdown reaches the program and is not answered") {
  SELVAGE_NEED_REDIS();
  CeleryWorld world;
  world.start();
  CHECK(ask(world, "shutdown", "{}", R"(["selvage@test"])").is_null());
  CHECK(eventually([&] { return world.shut_downs == 1; }));
}

TEST_CASE("Celery events: monitors hear of the worker and of every task, in order") {
  SELVAGE_NEED_REDIS();
  CeleryWorld world;
  // what a monitor receives, written to a file by redis-cli
  const testing::TemporaryDirectory heard;
  const auto file = heard.path() / "events";
  testing::ServerProcess monitor;
  monitor.start({"redis-cli", "-p", std::to_string(world.redis.port()), "--no-raw", "--csv",
                 "PSUBSCRIBE", "/0.celeryev/*"},
                file);
  REQUIRE(eventually([&] { return world.redis.cli({"PUBSUB", "NUMPAT"}) == "1"; }));
  world.start();
  const std::string good = world.send("add", "[1, 2]");
  const std::string bad = world.send("boom");
  const std::string again = world.send("third_time");
  const std::string late = world.send("echo", "[]", {.expires = now() - seconds(1)});
  for (const auto& id : {good, again}) REQUIRE(world.reaches(id, "SUCCESS"));
  REQUIRE(world.reaches(bad, "FAILURE"));
  world.stop();

  std::vector<json::value> events;
  const auto read = [&] {
    events.clear();
    std::ifstream lines(file);
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with("\"pmessage\"")) continue;
      const auto start = line.find("\"{");
      std::string message = line.substr(start + 1, line.size() - start - 2);
      for (std::size_t at = 0; (at = message.find("\\\"", at)) != std::string::npos; ++at) {
        message.erase(at, 1);
      }
      std::string content;
      const json::value envelope = parsed_json(message);
      REQUIRE(decode_base64(envelope.at("body").get_string(), content));
      const json::value body = parsed_json(content);
      if (const json::array* many = body.if_array()) {
        for (const json::value& event : *many) events.push_back(event);
      } else {
        events.push_back(body);
      }
    }
    return !events.empty() && text(events.back(), "type") == "worker-offline";
  };
  REQUIRE(eventually(read));
  CHECK(text(events.front(), "type") == "worker-online");
  const auto types_of = [&](const std::string& id) {
    std::string types;
    for (const json::value& event : events) {
      if (event.get_object().contains("uuid") && text(event, "uuid") == id) {
        types += text(event, "type").substr(5) + " ";
      }
    }
    return types;
  };
  CHECK(types_of(good) == "received started succeeded ");
  CHECK(types_of(bad) == "received started failed ");
  CHECK(types_of(again) ==
        "received started retried received started retried received started succeeded ");
  CHECK(types_of(late) == "revoked ");
  std::int64_t clock = 0;
  for (const json::value& event : events) {
    CHECK(text(event, "hostname") == "selvage@test");
    CHECK(event.at("clock").get_int64() > clock);
    clock = event.at("clock").get_int64();
    CHECK(event.at("timestamp").is_double());
    CHECK(event.at("utcoffset").is_int64());
    const std::string type = text(event, "type");
    if (type == "task-received" && text(event, "uuid") == good) {
      CHECK(text(event, "name") == "add");
      CHECK(text(event, "args") == "(1, 2)");
      CHECK(text(event, "queue") == "celery");
    }
    if (type == "task-succeeded" && text(event, "uuid") == good) {
      CHECK(text(event, "result") == "3");
      CHECK(event.at("runtime").to_number<double>() >= 0);
    }
    if (type == "task-failed") CHECK(text(event, "exception") == "ValueError('boom')");
    if (type == "worker-heartbeat") CHECK(event.at("loadavg").get_array().size() == 3);
  }
}

}  // namespace selvage::celery
