// Many requests at once: the connection limit, and what a thousand that wait cost.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <atomic>
#include <fstream>

#include "base/task_group.hpp"
#include "net/http_client.hpp"
#include "support/raw_server.hpp"

namespace selvage::net {
namespace {

using namespace std::chrono_literals;
using testing::RawServer;

constexpr const char* kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

struct Tally {
  int done = 0;
  int failed = 0;
};

Task<void> get_one(HttpClient& client, std::string url, Tally& tally) {
  ClientRequest request;
  request.url = std::move(url);
  request.deadline = Deadline::after(20s);
  const auto response = co_await client.send(std::move(request));
  response && response->body == "hi" ? ++tally.done : ++tally.failed;
}

Task<void> get_many(HttpClient& client, std::string url, int count, Tally& tally) {
  TaskGroup group;
  for (int i = 0; i < count; ++i) group.spawn(get_one(client, url, tally), "get");
  co_await group.join();
}

TEST_CASE("HttpClient: requests over the connection limit wait in line and all come through") {
  std::atomic<int> now = 0;
  std::atomic<int> most = 0;
  RawServer server([&](RawServer::Peer& peer) {
    while (!peer.read_head().empty()) {
      const int here = ++now;
      for (int seen = most; here > seen && !most.compare_exchange_weak(seen, here);) {
      }
      std::this_thread::sleep_for(1ms);
      --now;
      peer.send(kOk);
    }
  });
  Loop loop;
  HttpClient client(loop, {.connections_per_host = 4, .total_connections = 8});
  Tally tally;
  loop.run_until_done(get_many(client, server.url(), 300, tally));
  CHECK(tally.done == 300);
  CHECK(most <= 4);
  CHECK(server.accepted() <= 4);
}

// Sanitizers pad every allocation.
constexpr bool kSanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);

std::size_t resident_kib() {
  std::ifstream file("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  file >> total >> resident;
  return resident * 4;
}

TEST_CASE("HttpClient: a thousand waiting requests cost little memory") {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);

  constexpr int kRequests = 1000;
  std::atomic<int> waiting = 0;
  std::atomic<std::size_t> resident = 0;
  RawServer server([&](RawServer::Peer& peer) {
    peer.read_head();
    if (++waiting == kRequests) resident = resident_kib();
    waiting.notify_all();
    for (int seen = waiting; seen < kRequests; seen = waiting) waiting.wait(seen);
    peer.send(kOk);
  });
  Loop loop;
  HttpClient client(loop, {.connections_per_host = 1200, .total_connections = 1200});
  Tally tally;
  const std::size_t before = resident_kib();
  const auto begun = steady_now();
  loop.run_until_done(get_many(client, server.url(), kRequests, tally));
  MESSAGE("a thousand waiting requests took " << (resident - before) / 1024
                                              << " MiB (with the server's "
                                                 "thousand threads) and "
                                              << (steady_now() - begun) / 1ms << " ms");
  CHECK(tally.done == kRequests);
  if (!kSanitized) CHECK(resident - before < 100 * 1024);
}

}  // namespace
}  // namespace selvage::net
