// Posting through the guard, to a server on loopback.
#include <doctest/doctest.h>

#include "net/egress_guard.hpp"
#include "support/raw_server.hpp"

namespace selvage::net {
namespace {

using namespace std::chrono_literals;
using testing::RawServer;

EgressOptions loopback_options() {
  EgressOptions options;
  options.allowed = {*CidrRange::parse("127.0.0.0/8")};
  options.total_time = 5s;
  return options;
}

RawServer::Script answer(std::string response) {
  return [response = std::move(response)](RawServer::Peer& peer) {
    peer.read_request();
    peer.send(response);
  };
}

Result<GuardedAnswer> post(std::string url, std::string body = "{}",
                           EgressOptions options = loopback_options(),
                           ByteCount max_answer = 64_KiB) {
  Loop loop;
  EgressGuard guard(loop, std::move(options));
  GuardedPost message{.url = std::move(url), .body = std::move(body), .max_answer = max_answer};
  message.headers.add("Content-Type", "application/json");
  return loop.run_until_done(guard.post(std::move(message)));
}

TEST_CASE("EgressGuard: posts a message and hands back any answer") {
  std::string seen;
  std::string sent;
  RawServer server([&](RawServer::Peer& peer) {
    seen = peer.read_head();
    sent = peer.read_bytes(11);
    peer.send("HTTP/1.1 410 Gone\r\nContent-Length: 4\r\nRetry-After: 7\r\n\r\nbye\n");
  });
  const auto answer = post(server.url("/hook?x=1"), "{\"a\":true}\n");
  REQUIRE_MESSAGE(answer, answer.error().describe());
  CHECK(answer->status == 410);
  CHECK(answer->headers.get("retry-after") == "7");
  CHECK(answer->body == "bye\n");
  CHECK_FALSE(answer->cut);
  CHECK(seen.starts_with("POST /hook?x=1 HTTP/1.1\r\n"));
  CHECK(seen.find("Content-Type: application/json\r\n") != std::string::npos);
  CHECK(sent == "{\"a\":true}\n");
}

TEST_CASE("EgressGuard: a post follows no redirect and reads no more of an answer than asked") {
  std::atomic<int> reached = 0;
  RawServer inner([&](RawServer::Peer&) { ++reached; });
  RawServer moved(
      answer("HTTP/1.1 307 Moved\r\nContent-Length: 0\r\nLocation: " + inner.url() + "\r\n\r\n"));
  const auto redirect = post(moved.url("/"));
  REQUIRE(redirect);
  CHECK(redirect->status == 307);
  CHECK(reached == 0);

  RawServer announced(answer("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nxxx"));
  const auto long_one = post(announced.url("/"), "{}", loopback_options(), 16_KiB);
  REQUIRE(long_one);
  CHECK(long_one->status == 200);
  CHECK(long_one->cut);
  RawServer endless(answer("HTTP/1.1 200 OK\r\n\r\n" + std::string(100'000, 'x')));
  const auto cut = post(endless.url("/"), "{}", loopback_options(), 16_KiB);
  REQUIRE(cut);
  CHECK(cut->cut);
  CHECK(cut->body.size() <= 16 * 1024);
}

TEST_CASE("EgressGuard: a post goes through the same checks, and its time is limited") {
  std::atomic<int> connected = 0;
  RawServer server([&](RawServer::Peer&) { ++connected; });
  EgressOptions closed;
  const auto refused = post(server.url("/"), "{}", closed);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == "egress.address_refused");
  CHECK(connected == 0);

  RawServer silent([](RawServer::Peer& peer) {
    peer.read_head();
    peer.wait_for_close(5s);
  });
  EgressOptions short_time = loopback_options();
  short_time.total_time = 200ms;
  const auto late = post(silent.url("/"), "{}", short_time);
  REQUIRE_FALSE(late);
  CHECK(late.error().code == "egress.timeout");

  Loop loop;
  EgressGuard guard(loop, loopback_options());
  GuardedPost bent{.url = server.url("/"), .body = "{}"};
  bent.headers.add("X-Bent", "a\r\nHost: evil");
  const auto header = loop.run_until_done(guard.post(std::move(bent)));
  REQUIRE_FALSE(header);
  CHECK(header.error().code == "http.header");
}

}  // namespace
}  // namespace selvage::net
