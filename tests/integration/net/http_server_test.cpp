#include "net/http_server.hpp"

#include <thread>

#include "base/log.hpp"
#include "integration/net/test_server.hpp"

namespace selvage::net {
namespace {

using namespace std::chrono_literals;

TEST_CASE("HttpServer: many requests share one connection") {
  TestServer server;
  RawClient client = server.client();
  for (int i = 0; i < 100; ++i) {
    const RawResponse response = client.ask(get(fmt::format("/hello?n={}", i)));
    REQUIRE(response.status == 200);
    CHECK(response.body == fmt::format("hello {}", i));
  }
  const RawResponse response = client.ask(get("/hello", "Connection: close\r\n"));
  CHECK(response.headers.at("connection") == "close");
  CHECK(client.closed_within(1s));
}

TEST_CASE("HttpServer: every response carries the standard headers") {
  TestServer server;
  RawClient client = server.client();
  for (const std::string_view path : {"/hello", "/nowhere", "/stream"}) {
    const RawResponse response = client.ask(get(path));
    CHECK(response.headers.at("x-content-type-options") == "nosniff");
    CHECK(response.headers.at("x-request-id").size() == 32);
    CHECK(response.headers.at("date").ends_with(" GMT"));
    CHECK(response.headers.at("server") == "selvage");
  }
}

TEST_CASE("HttpServer: pipelined requests are answered in order, slow ones first") {
  TestServer server;
  RawClient client = server.client();
  std::string requests = get("/slow?ms=50");
  for (int i = 0; i < 50; ++i) {
    requests += i % 2 == 0 ? get(fmt::format("/hello?n={}", i)) : post("/echo", std::to_string(i));
  }
  REQUIRE(client.send(requests));
  CHECK(client.receive().body == "late");
  for (int i = 0; i < 50; ++i) {
    CHECK(client.receive().body == (i % 2 == 0 ? "hello " : "") + std::to_string(i));
  }
}

TEST_CASE("HttpServer: a request that comes byte by byte is one request") {
  TestServer server;
  RawClient client = server.client();
  for (const char byte : "\r\n" + post("/echo", "dripping")) client.send({&byte, 1});
  CHECK(client.receive().body == "dripping");
}

TEST_CASE("HttpServer: HEAD answers the head of GET and no body") {
  TestServer server;
  RawClient client = server.client();
  client.send("HEAD /hello?n=1 HTTP/1.1\r\nHost: a\r\n\r\n" + get("/hello?n=2"));
  const RawResponse head = client.receive(false);
  CHECK(head.status == 200);
  CHECK(head.headers.at("content-length") == "7");
  CHECK(client.receive().body == "hello 2");
  client.send("HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(client.receive(false).headers.at("transfer-encoding") == "chunked");
  CHECK(client.ask(get("/hello?n=3")).body == "hello 3");
  CHECK(server.seen.streams_ended == 0);
}

TEST_CASE("HttpServer: chunked bodies come in, with pipelining behind them") {
  TestServer server;
  RawClient client = server.client();
  const std::string chunked =
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: t\r\n\r\n";
  client.send(chunked + chunked + get("/hello?n=x"));
  CHECK(client.receive().body == "hello world");
  CHECK(client.receive().body == "hello world");
  CHECK(client.receive().body == "hello x");
}

TEST_CASE("HttpServer: a large body arrives whole") {
  TestServer server;
  RawClient client = server.client();
  std::string body(900'000, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 31 % 251);
  const RawResponse response = client.ask(post("/echo", body));
  CHECK(response.status == 200);
  CHECK(response.body == body);
}

TEST_CASE("HttpServer: 100-continue invites the body, or the final answer comes instead") {
  TestServer server;
  const std::string expect = "Expect: 100-continue\r\n";
  RawClient client = server.client();
  client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n" + expect + "\r\n");
  CHECK(client.receive().status == 100);
  client.send("body");
  CHECK(client.receive().body == "body");

  client.send("POST /private HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n" + expect + "\r\n");
  CHECK(client.receive().status == 401);
  CHECK(client.closed_within(5s));
}

TEST_CASE(
    "HttpServer: the gate sees a small body's request after the body, and keeps the connection") {
  TestServer server;
  RawClient client = server.client();
  CHECK(client.ask(post("/private", "small")).status == 401);
  CHECK(client.ask(post("/private", "small", "Authorization: yes\r\n")).body == "small");
  CHECK(server.seen.gated == 2);
}

TEST_CASE("HttpServer: the gate refuses a large body before it is sent") {
  TestServer server;
  RawClient client = server.client();
  client.send("POST /private HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n");
  const RawResponse response = client.receive();
  CHECK(response.status == 401);
  CHECK(response.headers.at("connection") == "close");
}

TEST_CASE("HttpServer: unknown paths and wrong methods are problems that help") {
  TestServer server;
  RawClient client = server.client();
  const RawResponse missing = client.ask(get("/nowhere?token=secret"));
  CHECK(missing.status == 404);
  CHECK(missing.headers.at("content-type") == "application/problem+json");
  CHECK(missing.body.find("\"instance\":\"/nowhere\"") != std::string::npos);
  CHECK(missing.body.find("secret") == std::string::npos);
  CHECK(missing.body.find(missing.headers.at("x-request-id")) != std::string::npos);
  const RawResponse wrong = client.ask("DELETE /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(wrong.status == 405);
  CHECK(wrong.headers.at("allow") == "GET, HEAD, OPTIONS");
  const RawResponse options = client.ask("OPTIONS /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(options.status == 204);
  CHECK(options.headers.at("allow") == "GET, HEAD, OPTIONS");
}

TEST_CASE("HttpServer: a crashing handler answers 500 with its request id, and the server lives") {
  const log::CaptureForTest capture;
  TestServer server;
  RawClient client = server.client();
  const RawResponse response = client.ask(get("/crash", "X-Request-Id: trace-7\r\n"));
  CHECK(response.status == 500);
  CHECK(response.body.find("trace-7") != std::string::npos);
  CHECK(response.body.find("has a bug") == std::string::npos);
  CHECK(client.closed_within(5s));
  CHECK(server.client().ask(get("/hello")).status == 200);
  server.server->stop(1s);
  CHECK(capture.contains("handler_crashed"));
  CHECK(capture.contains("the handler has a bug"));
  CHECK(capture.contains("trace-7"));
}

TEST_CASE("HttpServer: request ids are kept when well formed and replaced otherwise") {
  TestServer server;
  RawClient client = server.client();
  RawResponse response = client.ask(get("/request", "X-Request-Id: a.B_9-c\r\n"));
  CHECK(response.headers.at("x-request-id") == "a.B_9-c");
  CHECK(response.body == "127.0.0.1 a.B_9-c a.B_9-c");
  response = client.ask(get("/request", "X-Request-Id: <script>\r\n"));
  CHECK(response.headers.at("x-request-id").size() == 32);
}

TEST_CASE("HttpServer: X-Forwarded-For counts only from a trusted proxy") {
  const std::string header = "X-Forwarded-For: 6.6.6.6, 203.0.113.9\r\n";
  TestServer direct;
  CHECK(direct.client().ask(get("/request", header)).body.starts_with("127.0.0.1 "));
  TestServer proxied({.trusted_proxies = {"127.0.0.0/8"}});
  CHECK(proxied.client().ask(get("/request", header)).body.starts_with("203.0.113.9 "));
}

TEST_CASE("HttpServer: CORS is off by default and exact when on") {
  const std::string origin = "Origin: https://shop.test\r\n";
  const std::string preflight = "OPTIONS /echo HTTP/1.1\r\nHost: a\r\n" + origin +
                                "Access-Control-Request-Method: POST\r\n\r\n";
  TestServer off;
  CHECK_FALSE(
      off.client().ask(get("/hello", origin)).headers.contains("access-control-allow-origin"));
  CHECK_FALSE(off.client().ask(preflight).headers.contains("access-control-allow-methods"));

  TestServer on({.cors_origins = {"https://shop.test"}});
  RawClient client = on.client();
  RawResponse response = client.ask(preflight);
  CHECK(response.status == 204);
  CHECK(response.headers.at("access-control-allow-origin") == "https://shop.test");
  CHECK(response.headers.at("access-control-allow-methods") == "POST, OPTIONS");
  response = client.ask(get("/hello", origin));
  CHECK(response.headers.at("access-control-allow-origin") == "https://shop.test");
  CHECK(response.headers.at("vary") == "Origin");
  for (const std::string_view other :
       {"https://shop.test.evil", "http://shop.test", "https://SHOP.test", "null"}) {
    CAPTURE(other);
    response = client.ask(get("/hello", fmt::format("Origin: {}\r\n", other)));
    CHECK_FALSE(response.headers.contains("access-control-allow-origin"));
  }
}

TEST_CASE("HttpServer: HTTP/1.0 clients get their answer and the end of the connection") {
  TestServer server;
  RawClient plain = server.client();
  CHECK(plain.ask("GET /hello HTTP/1.0\r\n\r\n").body == "hello ");
  CHECK(plain.closed_within(5s));
  RawClient stream = server.client();
  const RawResponse response = stream.ask("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(response.body == "aaaaabbbbbccccc");
  CHECK_FALSE(response.headers.contains("transfer-encoding"));
  RawClient kept = server.client();
  CHECK(
      kept.ask("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").headers.at("connection") ==
      "keep-alive");
  CHECK(kept.ask("GET /hello HTTP/1.0\r\n\r\n").status == 200);
}

TEST_CASE("HttpServer: counts requests by route and status class") {
  TestServer server;
  RawClient client = server.client();
  for (int i = 0; i < 3; ++i) client.ask(get("/hello"));
  client.ask(get("/nowhere/1"));
  client.ask(get("/nowhere/2"));
  // A response is counted once it is out, which the client may notice first.
  for (const std::string_view line :
       {R"(http_requests_total{handler="/hello",method="GET",status="2xx"} 3)",
        R"(http_requests_total{handler="none",method="GET",status="4xx"} 2)",
        R"(http_request_duration_seconds_count{handler="/hello",method="GET"} 3)",
        "http_requests_inprogress 0", "http_connections 1"}) {
    CAPTURE(line);
    CHECK(eventually([&] { return server.metrics.exposition().find(line) != std::string::npos; },
                     2s));
  }
}

TEST_CASE("HttpServer: threads share the port and lose nothing") {
  TestServer server({.threads = 4});
  std::atomic<int> right = 0;
  std::vector<std::thread> clients;
  for (int t = 0; t < 8; ++t) {
    clients.emplace_back([&, t] {
      for (int connection = 0; connection < 5; ++connection) {
        RawClient client = server.client();
        for (int i = 0; i < 20; ++i) {
          const std::string text = fmt::format("{}-{}-{}", t, connection, i);
          right += client.ask(post("/echo", text)).body == text;
        }
      }
    });
  }
  for (std::thread& client : clients) client.join();
  CHECK(right == 8 * 5 * 20);
  CHECK(server.seen.handled == 800);
}

TEST_CASE("HttpServer: a port in use, a bad address and a bad proxy are clear errors") {
  TestServer running;
  Router router;
  Registry metrics;
  ServerOptions options;
  options.port = running.server->port();
  const Result<void> taken = HttpServer(options, router, metrics).start();
  CHECK(taken.error().code == "http.address_in_use");
  CHECK(taken.error().message.find(std::to_string(options.port)) != std::string::npos);
  options.address = "localhost";
  CHECK(HttpServer(options, router, metrics).start().error().code == "http.bind");
  options.address = "127.0.0.1";
  options.trusted_proxies = {"nginx"};
  CHECK(HttpServer(options, router, metrics).start().error().code == "http.trusted_proxy");
}

}  // namespace
}  // namespace selvage::net
