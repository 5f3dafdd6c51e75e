// Tasks that are posted to a URL, against a real server on loopback.
#include "celery/http_function.hpp"

#include "integration/celery/celery_fixture.hpp"
#include "support/raw_server.hpp"

namespace selvage::celery {

namespace {

using testing::RawServer;

// Not a worker: one call, and what came of it.
class NoProgress final : public ProgressReport {
 public:
  Task<void> report(std::string, std::string) override { co_return; }
};

struct OneCall {
  Message message;
  work::JobContext job;
  NoProgress progress;
  int retries = 0;
  CancelSource stop;
  Deadline deadline = Deadline::never();

  explicit OneCall(std::string_view kwargs = R"({"width": 64})") {
    MessageOptions options{.id = "446a69e2",
                           .headers = {{"traceparent", R"("00-aa-bb-01")"}, {"tenant", "7"}}};
    message = *parse_message(make_message("shop.resize", "[1]", kwargs, options)->text);
  }
  TaskCall call() {
    return {.message = message,
            .job = job,
            .retries = retries,
            .deadline = deadline,
            .stop = stop.token(),
            .why = nullptr,
            .progress = progress,
            .log = job.log};
  }
};

FunctionResult post(OneCall& one, const std::string& url, HttpFunctionOptions options = {}) {
  net::Loop loop;
  net::HttpClient client(loop, {});
  const Function function = function_at(client, url, Secret("s3cret-token"), options);
  return loop.run_until_done(function(one.call()));
}

FunctionResult post_guarded(OneCall& one, std::vector<net::CidrRange> allowed) {
  net::Loop loop;
  net::EgressOptions egress;
  egress.allowed = std::move(allowed);
  net::EgressGuard guard(loop, egress);
  const Function function = guarded_function(guard, {});
  return loop.run_until_done(function(one.call()));
}

}  // namespace

TEST_CASE("Celery over HTTP: the task is posted whole, with key, token and trace") {
  std::string head;
  std::string body;
  RawServer server([&](RawServer::Peer& peer) {
    head = peer.read_head();
    const auto length = head.find("Content-Length: ");
    body = peer.read_bytes(static_cast<std::size_t>(std::stoi(head.substr(length + 16))));
    peer.send(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n"
        "{\"a\": 1}");
  });
  OneCall one;
  one.retries = 2;
  const FunctionResult result = post(one, server.url("/run"));
  REQUIRE(std::holds_alternative<Returned>(result));
  CHECK(std::get<Returned>(result).value == "{\"a\": 1}");
  CHECK(head.starts_with("POST /run HTTP/1.1\r\n"));
  CHECK(head.contains("Idempotency-Key: 446a69e2\r\n"));
  CHECK(head.contains("traceparent: 00-aa-bb-01\r\n"));
  CHECK(head.contains("Authorization: Bearer s3cret-token\r\n"));
  CHECK(parsed_json(body) == parsed_json(
                                 R"({"task": "shop.resize", "id": "446a69e2", "args": [1],
                                     "kwargs": {"width": 64}, "retries": 2,
                                     "root_id": "446a69e2", "parent_id": null, "group": null,
                                     "headers": {"tenant": 7}})"));
}

TEST_CASE(
    "Celery over HTTP: who does not answer is asked again, and in the end kept for a person") {
  OneCall one;
  const std::string nobody = "http://127.0.0.1:" + std::to_string(testing::free_port()) + "/";
  const FunctionResult first = post(one, nobody);
  REQUIRE(std::holds_alternative<Again>(first));
  CHECK(std::get<Again>(first).why.type == "ConnectionError");
  one.retries = 5;
  const FunctionResult last = post(one, nobody);
  REQUIRE(std::holds_alternative<Raised>(last));
  CHECK(std::get<Raised>(last).keep);

  RawServer silent([](RawServer::Peer& peer) {
    peer.read_head();
    std::this_thread::sleep_for(std::chrono::seconds(2));
  });
  one.retries = 0;
  const FunctionResult late = post(one, silent.url("/"), {.time_out = milliseconds(200)});
  REQUIRE(std::holds_alternative<Again>(late));
  CHECK(std::get<Again>(late).why.type == "TimeoutError");
  one.deadline = Deadline::after(milliseconds(200));
  CHECK(std::holds_alternative<Stopped>(post(one, silent.url("/"))));
}

TEST_CASE("Celery over HTTP: a sender's URL may not reach inside") {
  int reached = 0;
  RawServer inner([&](RawServer::Peer&) { ++reached; });
  OneCall one(R"({"url": ")" + inner.url("/") + R"("})");
  const FunctionResult refused = post_guarded(one, {});
  REQUIRE(std::holds_alternative<Raised>(refused));
  CHECK(std::get<Raised>(refused).type == "HTTPError");
  CHECK(reached == 0);

  RawServer allowed([](RawServer::Peer& peer) {
    peer.read_request();
    peer.send("HTTP/1.1 204 No Content\r\n\r\n");
  });
  OneCall two(R"({"url": ")" + allowed.url("/") + R"("})");
  const FunctionResult result = post_guarded(two, {*net::CidrRange::parse("127.0.0.0/8")});
  REQUIRE(std::holds_alternative<Returned>(result));
  CHECK(std::get<Returned>(result).value == "null");

  OneCall without;
  CHECK(std::get<Raised>(post_guarded(without, {})).type == "TypeError");
}

}  // namespace selvage::celery
