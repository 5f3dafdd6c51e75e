// Streams, and the end of a server.
#include <thread>

#include "base/log.hpp"
#include "integration/net/test_server.hpp"

namespace selvage::net {
namespace {

using namespace std::chrono_literals;

TEST_CASE("HttpServer: a stream goes out in chunks and the connection lives on") {
  TestServer server;
  RawClient client = server.client();
  for (int i = 0; i < 3; ++i) {
    const RawResponse response = client.ask(get("/stream"));
    CHECK(response.headers.at("transfer-encoding") == "chunked");
    CHECK(response.body == "aaaaabbbbbccccc");
    CHECK(response.complete);
  }
  CHECK(client.ask(get("/hello")).status == 200);
}

TEST_CASE("HttpServer: requests sent while a stream runs are answered after it") {
  TestServer server;
  RawClient client = server.client();
  client.send(get("/stream") + get("/hello?n=next"));
  CHECK(client.receive().body == "aaaaabbbbbccccc");
  CHECK(client.receive().body == "hello next");
}

TEST_CASE("HttpServer: a stream notices that its client has gone") {
  TestServer server;
  {
    RawClient client = server.client();
    client.send(get("/events"));
    CHECK(eventually([&] { return server.seen.streams_open == 1; }));
    CHECK(client.read_some().find("200 OK") != std::string::npos);
  }
  CHECK(eventually([&] { return server.seen.streams_ended == 1; }, 2s));
}

TEST_CASE("HttpServer: a stream waits for a client that reads slowly") {
  TestServer server;
  RawClient client = server.client(16 * 1024);
  client.send(get("/flood"));
  std::size_t before = 0;
  // It stops growing when the buffers of both kernels are full.
  CHECK(eventually([&] {
    std::this_thread::sleep_for(100ms);
    const std::size_t now = server.seen.bytes_streamed;
    return std::exchange(before, now) == now && now > 0;
  }));
  CHECK(before < 32 * 1024 * 1024);
  const RawResponse response = client.receive();
  CHECK(response.complete);
  CHECK(response.body.size() == 64 * 1024 * 1024);
}

TEST_CASE("HttpServer: a client that never reads is given up") {
  TestServer server({.limits = {.write_time = 1s}});
  RawClient client = server.client(16 * 1024);
  client.send(get("/flood"));
  CHECK(eventually([&] { return server.seen.streams_ended == 1; }, 5s));
  CHECK(server.seen.bytes_streamed < 32 * 1024 * 1024);
}

TEST_CASE("HttpServer: a stream that crashes is cut, so that nobody takes it for whole") {
  const log::CaptureForTest capture;
  TestServer server;
  RawClient client = server.client();
  const RawResponse response = client.ask(get("/crash-stream"));
  CHECK(response.body == "half");
  CHECK_FALSE(response.complete);
  server.server->stop(1s);
  CHECK(capture.contains("the stream has a bug"));
}

TEST_CASE("HttpServer: stopping finishes what runs and closes what idles") {
  TestServer server;
  RawClient idle = server.client();
  CHECK(idle.ask(get("/hello")).status == 200);
  std::vector<RawClient> busy;
  for (int i = 0; i < 10; ++i) {
    busy.push_back(server.client());
    busy.back().send(get("/slow?ms=500"));
  }
  CHECK(eventually([&] { return in_progress(server) == 10; }));

  const SteadyTime start = steady_now();
  std::thread stopper([&] { server.server->stop(10s); });
  CHECK(idle.closed_within(400ms));
  for (RawClient& client : busy) {
    const RawResponse response = client.receive();
    CHECK(response.body == "late");
    CHECK(response.headers.at("connection") == "close");
  }
  stopper.join();
  CHECK(steady_now() - start < 3s);
  CHECK(server.seen.was_cancelled == false);
  CHECK(server.client().ask(get("/hello")).status == 0);
}

TEST_CASE("HttpServer: a request that is half sent when the server stops is still answered") {
  TestServer server;
  RawClient client = server.client();
  client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo");
  CHECK(eventually([&] { return in_progress(server) == 1; }));
  std::thread stopper([&] { server.server->stop(10s); });
  std::this_thread::sleep_for(100ms);
  client.send("dy");
  CHECK(client.receive().body == "body");
  stopper.join();
}

TEST_CASE("HttpServer: stopping tells streams to end, and their end is said") {
  TestServer server;
  RawClient client = server.client();
  client.send(get("/events"));
  CHECK(eventually([&] { return server.seen.streams_open == 1; }));
  const SteadyTime start = steady_now();
  server.server->stop(10s);
  CHECK(steady_now() - start < 2s);
  const RawResponse response = client.receive();
  CHECK(response.body == "aaaaa");
  CHECK(response.complete);
}

TEST_CASE("HttpServer: when the grace is over, handlers are cancelled and slow clients cut") {
  TestServer server;
  RawClient waiting = server.client();
  waiting.send(get("/slow?ms=3600000"));
  RawClient sending = server.client();
  sending.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo");
  RawClient deaf = server.client(16 * 1024);
  deaf.send(get("/flood"));
  CHECK(eventually([&] { return in_progress(server) == 3; }));
  const SteadyTime start = steady_now();
  server.server->stop(300ms);
  CHECK(steady_now() - start >= 300ms);
  CHECK(steady_now() - start < 3s);
  CHECK(server.seen.was_cancelled);
  CHECK(server.seen.streams_ended == 1);
}

TEST_CASE("HttpServer: no request that was connected before the stop is lost") {
  for (int round = 0; round < 20; ++round) {
    TestServer server({.threads = 1});
    std::vector<RawClient> clients;
    for (int i = 0; i < 20; ++i) {
      clients.push_back(server.client());
      clients.back().send(get("/hello?n=1"));
    }
    server.server->stop(5s);
    for (RawClient& client : clients) CHECK(client.receive().body == "hello 1");
  }
}

}  // namespace
}  // namespace selvage::net
