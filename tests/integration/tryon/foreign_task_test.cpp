// Messages that did not come from our own acceptance: pushed by other producers, malformed,
// contradictory, twice.
#include <fmt/format.h>

#include "integration/tryon/world.hpp"
#include "support/raw_server.hpp"

using namespace selvage;
using namespace selvage::tryon;

namespace {

std::string message(std::string_view session, std::string_view task, std::string_view owner,
                    std::string_view url, std::int64_t credits = 2) {
  return fmt::format(
      R"({{"version":1,"task_id":"{}","session_id":"{}","request_id":"r-9","channel":"b2c",)"
      R"("user_id":"{}","person_image_url":"{}","garment_image_urls":["{}"],"credits":{},)"
      R"("created_at":"2026-11-21T03:43:20Z"}})",
      task, session, owner, url, url, credits);
}

// Serves one answer to everybody, on loopback.
class PictureServer {
 public:
  explicit PictureServer(std::string answer)
      : server_([answer = std::move(answer)](testing::RawServer::Peer& peer) {
          peer.read_head();
          peer.send(answer);
        }) {}
  static std::string picture() {
    const std::string body = encoded_picture(1400, 900);
    return fmt::format(
        "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n{}", body.size(),
        body);
  }
  [[nodiscard]] std::string url() const {
    return fmt::format("http://127.0.0.1:{}/picture.jpg?signature=secret", server_.port());
  }

 private:
  testing::RawServer server_;
};

Task<void> push_and_work(World& world, std::string payload, work::Outcome& outcome) {
  world.push("t1", payload);
  outcome = co_await world.work_once();
}

}  // namespace

TEST_CASE("Foreign task: a session that nobody made is made, charged and completed") {
  World world;
  const PictureServer pictures(PictureServer::picture());
  work::Outcome outcome;
  world.run(push_and_work(world, message("s1", "t1", "ann", pictures.url(), 3), outcome));
  CHECK(std::holds_alternative<work::Done>(outcome));
  CHECK(world.tables.find("s1").status == SessionStatus::completed);
  CHECK(world.stored("results").size() == 1);
  world.check_exact(7);
}

TEST_CASE("Foreign task: an owner who cannot pay gets no picture, no charge and no refund") {
  World world;
  work::Outcome outcome;
  world.run(push_and_work(world, message("s1", "t1", "bob", "http://127.0.0.1:9/x"), outcome));
  CHECK(std::holds_alternative<work::Done>(outcome));
  const Session failed = world.tables.find("s1");
  CHECK(failed.status == SessionStatus::failed);
  CHECK(failed.error_code == "insufficient_credits");
  CHECK(world.provider.calls == 0);
  world.check_exact(10);
}

TEST_CASE("Foreign task: a session that was stored without its charge is charged before it runs") {
  World world;
  const PictureServer pictures(PictureServer::picture());
  world.tables.write([&](data::Transaction& tx) {
    return insert_session(tx, queued_session("s1", world.user, 4));
  });
  work::Outcome outcome;
  world.run(push_and_work(world, message("s1", "t1", "ann", pictures.url()), outcome));
  CHECK(world.tables.find("s1").status == SessionStatus::completed);
  world.check_exact(6);
}

TEST_CASE(
    "Foreign task: each way a URL can disappoint fails the job with its own code and a refund") {
  World world;
  std::string answer;
  std::string code;
  std::string url;
  SUBCASE("gone") {
    answer = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    code = "input_unreachable";
  }
  SUBCASE("elsewhere") {
    answer = "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n";
    code = "input_unreachable";
  }
  SUBCASE("a web page") {
    answer = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>";
    code = "input_not_a_picture";
  }
  SUBCASE("a page that says it is a picture") {
    answer = "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 6\r\n\r\n<html>";
    code = "input_not_a_picture";
  }
  SUBCASE("a picture that is cut off") {
    const std::string body = encoded_picture(1400, 900).substr(0, 4000);
    answer =
        fmt::format("HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n{}",
                    body.size(), body);
    code = "input_damaged";
  }
  SUBCASE("a private address") {
    url = "http://10.0.0.1/x.jpg";
    code = "input_refused";
  }
  const PictureServer server(answer);
  if (url.empty()) url = server.url();
  work::Outcome outcome;
  world.run(push_and_work(world, message("s1", "t1", "ann", url), outcome));
  CHECK(std::holds_alternative<work::Done>(outcome));
  const Session failed = world.tables.find("s1");
  CHECK(failed.error_code == code);
  CHECK_FALSE(failed.error_detail.value_or("").contains("signature=secret"));
  CHECK(world.provider.calls == 0);
  world.check_exact(10);
}

namespace {

Task<void> malformed(World& world, std::string payload) {
  world.push("t1", payload);
  const work::Outcome outcome = co_await world.work_once();
  REQUIRE(std::holds_alternative<work::Bury>(outcome));
  CHECK(std::get<work::Bury>(outcome).reason.starts_with("task.malformed:"));
  const auto dead = co_await world.broker->find(std::string(kQueue), "t1");
  REQUIRE(dead.has_value());
  REQUIRE(dead->has_value());
  CHECK((*dead)->state == "dead");
  CHECK((*dead)->payload == payload);
}

void charged_session(World& world, const std::string& id) {
  world.tables.write([&](data::Transaction& tx) -> Result<void> {
    TRY(insert_session(tx, queued_session(id, world.user, 2)));
    return charge(tx, world.user, id, {2});
  });
}

}  // namespace

TEST_CASE(
    "Foreign task: a malformed message is a dead letter, and the session it names is refunded") {
  World world;
  charged_session(world, "s1");
  SUBCASE("wrong types") {
    world.run(malformed(world, R"({"version": 1, "session_id": "s1", "credits": "many"})"));
  }
  SUBCASE("cut off") { world.run(malformed(world, R"({"version": 1, "session_id": "s1", "cre)")); }
  const Session failed = world.tables.find("s1");
  CHECK(failed.status == SessionStatus::failed);
  CHECK(failed.error_code == "malformed_task");
  CHECK(world.changes == std::vector<std::string>{"s1:failed"});
  world.check_exact(10);
}

TEST_CASE("Foreign task: a malformed message that names nothing, or nothing known, harms nobody") {
  World world;
  charged_session(world, "s1");
  SUBCASE("nothing") { world.run(malformed(world, "<not JSON>")); }
  SUBCASE("no text") {
    // which a queue in PostgreSQL cannot hold
    if (world.tables->dialect() == data::Dialect::postgres) return;
    world.run(malformed(world, "\xff\xfe not UTF-8"));
  }
  SUBCASE("unknown") { world.run(malformed(world, R"({"session_id": "s77"})")); }
  SUBCASE("other channel") {
    world.run(malformed(world, R"({"session_id": "s1", "channel": "b2b"})"));
  }
  CHECK(world.tables.find("s1").status == SessionStatus::queued);
  world.check_exact(8);
}

TEST_CASE("Foreign task: a malformed message cannot fail a session that another task works on") {
  World world;
  charged_session(world, "s1");
  world.tables.write([&](data::Transaction& tx) {
    return begin_processing(tx, Channel::b2c, "s1", "the real task", 1);
  });
  world.run(malformed(world, R"({"session_id": "s1"})"));
  CHECK(world.tables.find("s1").status == SessionStatus::processing);
  world.check_exact(8);
}

namespace {

Task<void> refused(World& world, std::string payload, std::string reason) {
  world.push("t1", std::move(payload));
  const work::Outcome outcome = co_await world.work_once();
  REQUIRE(std::holds_alternative<work::Bury>(outcome));
  CHECK(std::get<work::Bury>(outcome).reason.starts_with(reason));
  CHECK(world.provider.calls == 0);
}

}  // namespace

TEST_CASE("Foreign task: nobody runs or charges another owner's session") {
  World world;
  charged_session(world, "s1");
  world.run(refused(world, message("s1", "t1", "eve", "http://127.0.0.1:9/x"), "session_owner:"));
  CHECK(world.tables.find("s1").status == SessionStatus::queued);
  world.check_exact(8);
}

TEST_CASE("Foreign task: a second task for a session that is being worked on is put aside") {
  World world;
  charged_session(world, "s1");
  world.tables.write(
      [&](data::Transaction& tx) { return begin_processing(tx, Channel::b2c, "s1", "first", 1); });
  world.run(refused(world, message("s1", "t1", "ann", "http://127.0.0.1:9/x"), "duplicate:"));
  CHECK(world.tables.find("s1").task_id == "first");
  world.check_exact(8);
}

TEST_CASE("Foreign task: a task whose session is over is done at once") {
  World world;
  charged_session(world, "s1");
  world.tables.write([&](data::Transaction& tx) -> Result<bool> {
    TRY(fail_session(tx, Channel::b2c, "s1", std::nullopt, some_failure()));
    return refund(tx, world.user, "s1", "test");
  });
  work::Outcome outcome;
  world.run(push_and_work(world, message("s1", "t1", "ann", "http://127.0.0.1:9/x"), outcome));
  CHECK(std::holds_alternative<work::Done>(outcome));
  CHECK(world.provider.calls == 0);
  world.check_exact(10);
}
