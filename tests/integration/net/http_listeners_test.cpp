// Listening sockets that outlive a server, and a stop that is hurried.
#include <fcntl.h>

#include "integration/net/test_server.hpp"

namespace selvage::net {

namespace {

constexpr std::string_view kHello = "GET /hello?n=1 HTTP/1.1\r\nHost: x\r\n\r\n";

std::vector<int> kept_by(TestServer& server) {
  auto kept = server.server->kept_listeners();
  REQUIRE_MESSAGE(kept.has_value(), kept.error().describe());
  return std::move(*kept);
}

bool is_open(int descriptor) { return fcntl(descriptor, F_GETFD) != -1; }

}  // namespace

TEST_CASE("clients that connect between two lives of a server are answered by the second") {
  std::vector<int> kept;
  std::uint16_t port = 0;
  {
    TestServer first;
    kept = kept_by(first);
    CHECK(kept.size() == 2);
    for (const int socket : kept) CHECK((fcntl(socket, F_GETFD) & FD_CLOEXEC) == 0);
    port = first.server->port();
    CHECK(first.client().ask(kHello).status == 200);
    first.server->stop(milliseconds(0));
  }
  std::vector<RawClient> waiting;
  for (int i = 0; i < 20; ++i) {  // enough to meet every one of the sockets
    waiting.emplace_back(port);
    CHECK(waiting.back().send(kHello));
  }
  TestServer second({.listeners = kept});
  CHECK(second.server->port() == port);
  for (RawClient& client : waiting) CHECK(client.receive().status == 200);
  CHECK(second.client().ask(kHello).status == 200);
  for (const int socket : kept) CHECK((fcntl(socket, F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("a client that had connected when the stop began may still ask, once") {
  TestServer server({.threads = 1});
  RawClient late = server.client();
  RawClient silent = server.client();
  RawClient kept = server.client();
  CHECK(kept.ask(kHello).status == 200);  // so that the others are accepted, too
  std::jthread stop([&] { server.server->stop(seconds(60)); });
  CHECK(kept.closed_within(seconds(30)));  // it drains
  CHECK(late.ask(kHello).status == 200);
  CHECK(late.closed_within(seconds(30)));
  CHECK(silent.closed_within(seconds(30)));
}

TEST_CASE("descriptors that do not listen on the server's address are closed and not used") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const int unbound = socket(AF_INET, SOCK_STREAM, 0);
  {
    TestServer server({.listeners = {ends[0], unbound, ends[1]}});
    CHECK(!is_open(ends[1]));  // more than there are threads
    CHECK(server.client().ask(kHello).status == 200);
  }
  CHECK(!is_open(ends[0]));
  CHECK(!is_open(unbound));
}

TEST_CASE("a stop that is hurried ends what still runs") {
  TestServer server({.threads = 2});
  RawClient client = server.client();
  CHECK(client.send("GET /slow?ms=60000 HTTP/1.1\r\nHost: x\r\n\r\n"));
  CHECK(eventually([&] { return in_progress(server) == 1; }));
  const SteadyTime begin = steady_now();
  {
    std::jthread stop([&] { server.server->stop(seconds(60)); });
    std::this_thread::sleep_for(milliseconds(100));
    server.server->hurry();
  }
  CHECK(steady_now() - begin < seconds(30));
  CHECK(server.seen.was_cancelled);
  server.server->hurry();  // nothing is left to hurry
}

}  // namespace selvage::net
