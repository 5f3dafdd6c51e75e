#include <doctest/doctest.h>

#include "data/readiness.hpp"
#include "integration/data/scripted_server.hpp"
#include "net/loop.hpp"

using namespace selvage;
using namespace selvage::data;

namespace {

Readiness check(std::string url, seconds limit = seconds(5)) {
  net::Loop loop;
  return loop.run_until_done(check_dependency({"it", std::move(url)}, limit));
}

std::string at(std::string_view before, const ScriptedServer& server, std::string_view after = {}) {
  return std::string(before) + "127.0.0.1:" + std::to_string(server.port()) + std::string(after);
}

}  // namespace

TEST_CASE("Readiness: Redis that answers PONG, in pieces, is ready") {
  ScriptedServer server({"+O", "K\r\n+PON", "G\r\n"});
  const Readiness readiness = check(at("redis://me:pass@", server));
  CHECK(readiness.ok);
  CHECK(readiness.name == "it");
  CHECK(readiness.error.empty());
  CHECK(readiness.latency_ms >= 10);
  CHECK(readiness.latency_ms < 5000);
  CHECK(server.heard() == "*3\r\n$4\r\nAUTH\r\n$2\r\nme\r\n$4\r\npass\r\n*1\r\n$4\r\nPING\r\n");
}

TEST_CASE("Readiness: Redis that refuses is not ready, and says why without the password") {
  ScriptedServer server({"-WRONGPASS invalid username-password pair\r\n-NOAUTH ...\r\n"});
  const Readiness readiness = check(at("redis://:hunter22@", server));
  CHECK_FALSE(readiness.ok);
  CHECK(readiness.error.find("WRONGPASS") != std::string::npos);
  CHECK(readiness.error.find("hunter22") == std::string::npos);
  CHECK(readiness.latency_ms > 0);
}

TEST_CASE("Readiness: PostgreSQL that asks for a password is ready, one that starts up is not") {
  ScriptedServer ready({std::string("R\0\0\0\x08\0\0\0\x03", 9)});
  CHECK(check(at("postgres://app:hunter22@", ready, "/shop")).ok);
  CHECK(ready.heard().find("hunter22") == std::string::npos);
  const std::string starting("E\0\0\0\x2bSFATAL\0C57P03\0Mthe database is starting\0\0", 44);
  ScriptedServer early({starting.substr(0, 10), starting.substr(10)});
  const Readiness readiness = check(at("postgres://", early));
  CHECK_FALSE(readiness.ok);
  CHECK(readiness.error.find("starting") != std::string::npos);
}

TEST_CASE("Readiness: HTTP is ready below status 400") {
  ScriptedServer good({"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"}, true);
  const Readiness ready = check(at("http://", good, "/health?token=abc"));
  CHECK_MESSAGE(ready.ok, ready.error);
  CHECK(good.heard().starts_with("GET /health?token=abc HTTP/1.1\r\n"));
  ScriptedServer bad({"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"}, true);
  const Readiness refused = check(at("http://", bad, "/health?token=abc"));
  CHECK_FALSE(refused.ok);
  CHECK(refused.error == "HTTP status 503");
}

TEST_CASE("Readiness: TCP is ready when it connects, and a closed port is told at once") {
  std::string gone;
  {
    ScriptedServer server({});
    CHECK(check(at("tcp://", server)).ok);
    gone = at("tcp://", server);
  }
  const Readiness readiness = check(gone);
  CHECK_FALSE(readiness.ok);
  CHECK(readiness.error.find("refused") != std::string::npos);
  CHECK(readiness.latency_ms > 0);
  CHECK(readiness.latency_ms < 2000);
}

TEST_CASE("Readiness: who says nothing is given up at the limit, and the time is told") {
  ScriptedServer silent({});
  for (const char* scheme : {"redis://", "postgres://", "http://", "rediss://"}) {
    CAPTURE(scheme);
    const Readiness readiness = check(at(scheme, silent), seconds(1));
    CHECK_FALSE(readiness.ok);
    CHECK(readiness.latency_ms >= 990);
    CHECK(readiness.latency_ms < 3000);
    CHECK_FALSE(readiness.error.empty());
  }
}

TEST_CASE("Readiness: what speaks another language is told apart from silence") {
  ScriptedServer server({"HTTP/1.1 400 Bad Request\r\n\r\n"}, true);
  CHECK(check(at("redis://", server)).error.find("not Redis") != std::string::npos);
  CHECK(check(at("postgres://", server)).error.find("not PostgreSQL") != std::string::npos);
  const Readiness tls = check(at("rediss://", server));
  CHECK_FALSE(tls.ok);
  ScriptedServer closing({}, true);
  CHECK(check(at("redis://", closing)).error.find("closed the connection") != std::string::npos);
}

TEST_CASE("Readiness: a name that does not exist and a URL that is none are errors, not crashes") {
  CHECK_FALSE(check("redis://no-such-host.invalid").ok);
  CHECK_FALSE(check("nonsense").ok);
}
