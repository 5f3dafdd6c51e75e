// What a hostile or broken client can do, and what the server does about it.
#include <fcntl.h>
#include <sys/resource.h>

#include <thread>

#include "base/log.hpp"
#include "integration/net/test_server.hpp"

namespace selvage::net {
namespace {

using namespace std::chrono_literals;

ServerOptions with_limits(ServerLimits limits) { return {.limits = limits}; }

TEST_CASE("HttpServer: smuggled requests are refused and what follows them is not run") {
  TestServer server;
  const std::string_view heads[] = {
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: "
      "chunked\r\n\r\n0\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: "
      "6\r\n\r\n0\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 30\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length : 0\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: a\r\nX: y\r\n Content-Length: 0\r\n\r\n",
      "POST /echo HTTP/1.1\nHost: a\nContent-Length: 0\n\n",
      "POST /echo HTTP/1.1\r\nHost: a\r\nX: y\nContent-Length: 0\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na0\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\n\r\n",
      "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "GET /hello HTTP/1.1\r\n\r\n",
      "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
      "\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n",
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
  };
  for (const std::string_view head : heads) {
    CAPTURE(head);
    RawClient client = server.client();
    client.send(std::string(head) + get("/hello?n=smuggled"));
    RawResponse response = client.receive();
    CHECK((response.status == 400 || response.status == 501));
    CHECK(response.headers["connection"] == "close");
    CHECK(response.headers["content-type"] == "application/problem+json");
    CHECK(client.closed_within(5s));
  }
  CHECK(server.seen.handled == 0);
}

TEST_CASE("HttpServer: over-long targets and heads have their own answers") {
  TestServer server;
  CHECK(server.client().ask(get("/" + std::string(9'000, 'a'))).status == 414);
  CHECK(server.client().ask("GET /" + std::string(100'000, 'a')).status == 414);
  CHECK(server.client().ask(get("/hello", "X: " + std::string(100'000, 'a'))).status == 431);
  std::string many;
  for (int i = 0; i < 150; ++i) many += fmt::format("X-{}: y\r\n", i);
  CHECK(server.client().ask(get("/hello", many)).status == 431);
  CHECK(server.client().ask(get("/hello", "X: " + std::string(10'000, 'a') + "\r\n")).status ==
        200);
}

TEST_CASE("HttpServer: a body of 100 MB is refused without being read") {
  TestServer server;
  RawClient client = server.client();
  client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 104857600\r\n\r\n");
  const std::size_t sent = client.flood(104'857'600);
  CHECK(sent < 20'000'000);
  const RawResponse response = client.receive();
  CHECK(response.status == 413);
  CHECK(response.complete);
}

TEST_CASE("HttpServer: a client that sends on after its 413 still gets to read it") {
  TestServer server;
  RawClient client = server.client();
  client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n");
  CHECK(client.send(std::string(2'000'000, 'x')));  // never looks for an answer meanwhile
  const RawResponse response = client.receive();
  CHECK(response.status == 413);
  CHECK(response.complete);
}

TEST_CASE("HttpServer: an endless chunked body is cut at the cap") {
  TestServer server;
  RawClient client = server.client();
  client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "8000\r\n" + std::string(0x8000, 'x') + "\r\n";
  std::size_t sent = 0;
  while (sent < 100'000'000 && !client.closed_within(0ms) && client.send(chunk)) {
    sent += chunk.size();
    if (client.receive_ready()) break;
  }
  CHECK(sent < 20'000'000);
  CHECK(client.receive().status == 413);
}

TEST_CASE("HttpServer: the bodies of all clients together are bounded, and given back") {
  TestServer server(with_limits({.all_bodies = {300'000}}));
  const std::string large(200'000, 'x');
  const std::string head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n";
  RawClient holder = server.client();
  holder.send(head + large.substr(1));
  CHECK(eventually([&] { return in_progress(server) == 1; }));
  std::this_thread::sleep_for(100ms);
  const RawResponse refused = server.client().ask(post("/echo", large));
  CHECK(refused.status == 503);
  CHECK(refused.headers.at("retry-after") == "5");
  holder.send("x");
  CHECK(holder.receive().body == large);
  for (int i = 0; i < 5; ++i) {  // given back a moment after the answer
    CHECK(eventually([&] { return server.client().ask(post("/echo", large)).status == 200; }));
  }
}

TEST_CASE("HttpServer: slow heads are cut while others are served") {
  TestServer server(with_limits({.head_time = 1s}));
  std::vector<RawClient> drips;
  for (int i = 0; i < 100; ++i) drips.push_back(server.client());
  const SteadyTime start = steady_now();
  std::size_t sent = 0;
  const std::string head = get("/hello", "X: " + std::string(1000, 'y') + "\r\n");
  while (steady_now() - start < 1'600ms) {
    for (RawClient& drip : drips) drip.send(head.substr(sent, 1));
    ++sent;
    const SteadyTime asked = steady_now();
    CHECK(server.client().ask(get("/hello")).status == 200);
    CHECK(steady_now() - asked < 500ms);
    std::this_thread::sleep_for(50ms);
  }
  for (RawClient& drip : drips) {
    CHECK(drip.receive().status == 408);
  }
}

TEST_CASE("HttpServer: a body that takes too long is cut with 408") {
  TestServer server(with_limits({.body_time = 1s}));
  RawClient client = server.client();
  client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
  const RawResponse response = client.receive();
  CHECK(response.status == 408);
  CHECK(response.headers.at("connection") == "close");
  CHECK(server.seen.handled == 0);
}

TEST_CASE("HttpServer: a body that drips below the least rate is cut with 408") {
  TestServer server(with_limits({.body_time = 60s, .body_rate = {10'000}}));
  RawClient client = server.client();
  client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
  const SteadyTime start = steady_now();
  while (!client.receive_ready() && steady_now() - start < 9s) {
    client.send(std::string(50, 'x'));
    std::this_thread::sleep_for(50ms);
  }
  CHECK(client.receive().status == 408);
  CHECK(steady_now() - start > 4'900ms);
}

TEST_CASE("HttpServer: an idle connection is closed without a word") {
  TestServer server(with_limits({.idle_time = 1s}));
  RawClient fresh = server.client();
  RawClient used = server.client();
  CHECK(used.ask(get("/hello")).status == 200);
  CHECK(fresh.closed_within(3s));
  CHECK(used.closed_within(3s));
}

TEST_CASE("HttpServer: connections over the cap are told to come back") {
  TestServer server(with_limits({.connections = 4}));
  std::vector<RawClient> held;
  for (int i = 0; i < 4; ++i) {
    held.push_back(server.client());
    CHECK(held.back().ask(get("/hello")).status == 200);
  }
  RawClient extra = server.client();
  const RawResponse response = extra.ask(get("/hello"));
  CHECK(response.status == 503);
  CHECK(response.headers.at("retry-after") == "5");
  CHECK(response.headers.at("connection") == "close");
  CHECK(extra.closed_within(5s));
  held.pop_back();
  CHECK(eventually([&] { return server.client().ask(get("/hello")).status == 200; }));
}

TEST_CASE("HttpServer: one client cannot take all connections, a trusted proxy may") {
  TestServer server(with_limits({.connections_per_peer = 2}));
  RawClient first = server.client();
  RawClient second = server.client();
  CHECK(first.ask(get("/hello")).status == 200);
  CHECK(second.ask(get("/hello")).status == 200);
  CHECK(server.client().ask(get("/hello")).status == 503);

  TestServer proxied({.limits = {.connections_per_peer = 1}, .trusted_proxies = {"127.0.0.1"}});
  RawClient one = proxied.client();
  CHECK(one.ask(get("/hello")).status == 200);
  CHECK(proxied.client().ask(get("/hello")).status == 200);
}

// Takes every file descriptor of the process for its life.
class NoDescriptorsLeft {
 public:
  NoDescriptorsLeft() {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit low = before_;
    low.rlim_cur = 256;
    setrlimit(RLIMIT_NOFILE, &low);
    for (int fd = 0; (fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) held_.push_back(fd);
  }
  ~NoDescriptorsLeft() {
    for (const int fd : held_) ::close(fd);
    setrlimit(RLIMIT_NOFILE, &before_);
  }

 private:
  rlimit before_{};
  std::vector<int> held_;
};

// The checks of virtual calls in the undefined-behaviour sanitizer need descriptors of their own.
constexpr bool kSanitizerNeedsDescriptors = __has_feature(undefined_behavior_sanitizer);

TEST_CASE("HttpServer: without descriptors it says so once, rests, and recovers" *
          doctest::skip(kSanitizerNeedsDescriptors)) {
  const log::CaptureForTest capture;
  TestServer server({.threads = 1});
  RawClient client = RawClient::unconnected();
  {
    const NoDescriptorsLeft starved;
    client.connect(server.server->port());
    client.send(get("/hello?n=patient"));
    const std::clock_t before = std::clock();
    std::this_thread::sleep_for(500ms);
    const double cpu_seconds = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
    CHECK(cpu_seconds < 0.2);
  }
  CHECK(client.receive().body == "hello patient");
  server.server->stop(1s);
  int complaints = 0;
  for (const std::string& line : capture.lines()) {
    complaints += line.find("http_accept_failed") != std::string::npos;
  }
  CHECK(complaints == 1);
}

}  // namespace
}  // namespace selvage::net
