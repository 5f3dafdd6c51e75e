#include "net/stream.hpp"

#include <doctest/doctest.h>
#include <sys/un.h>

#include <numeric>

#include "base/task_group.hpp"
#include "net/loop.hpp"
#include "support/raw_server.hpp"

using namespace selvage;
using namespace selvage::net;
using selvage::testing::RawServer;

namespace {

using StreamPtr = std::unique_ptr<Stream>;

StreamTarget at(const RawServer& server) { return {.host = "127.0.0.1", .port = server.port()}; }

[[clang::coro_wrapper]] Task<Result<StreamPtr>> connect(StreamTarget target) {
  return Stream::connect(std::move(target), Deadline::after(milliseconds(10'000)), {});
}

std::string bytes(std::size_t count) {
  std::string text(count, '\0');
  std::iota(text.begin(), text.end(), 'a');
  return text;
}

Task<std::string> read_to_end(Stream& stream) {
  std::string all;
  std::string buffer(65536, '\0');
  for (;;) {
    const std::size_t got = co_await stream.read_some(buffer);
    if (got == 0) co_return all;
    all.append(buffer, 0, got);
  }
}

Task<void> echo_much(StreamTarget target, std::string text) {
  const auto stream = co_await connect(std::move(target));
  REQUIRE_MESSAGE(stream.has_value(), stream.error().describe());
  CHECK((*stream)->append(text));
  (*stream)->flush();
  CHECK((*stream)->appended() == text.size());
  CHECK((*stream)->sent() < text.size());  // more than a kernel takes at once
  const std::string back = co_await read_to_end(**stream);
  CHECK(back == text);
  CHECK((*stream)->sent() == text.size());
  CHECK((*stream)->end_reason() == "the peer closed the connection");
  CHECK_FALSE((*stream)->is_quiet());
}

Task<void> too_much(StreamTarget target) {
  const auto stream = co_await connect(std::move(target));
  REQUIRE(stream.has_value());
  const std::string part(10U << 20U, 'x');
  std::size_t taken = 0;
  for (int i = 0; i < 10; ++i) taken += (*stream)->append(part) ? part.size() : 0;
  CHECK(taken <= Stream::kMaxUnsent);
  CHECK(taken > Stream::kMaxUnsent - part.size());
}

Task<void> read_into(Stream& stream, std::string& buffer, std::size_t& got, bool& ended) {
  got = co_await stream.read_some(buffer);
  ended = true;
}

Task<void> closed_while_reading(StreamTarget target) {
  const auto stream = co_await connect(std::move(target));
  REQUIRE(stream.has_value());
  CHECK((*stream)->is_quiet());
  std::string buffer(10, '\0');
  std::size_t got = 7;
  bool ended = false;
  TaskGroup group;
  group.spawn(read_into(**stream, buffer, got, ended), "read");
  CHECK_FALSE(ended);
  (*stream)->close();
  co_await group.join();
  CHECK(got == 0);
  CHECK((co_await (*stream)->read_some(buffer)) == 0);
}

Task<void> cancel_later(CancelSource& source) {
  co_await sleep_for(milliseconds(30));
  source.cancel();
}

Task<void> read_limits(StreamTarget target) {
  std::string buffer(10, '\0');
  for (const bool cancelled : {false, true}) {
    const auto stream = co_await connect(target);
    REQUIRE(stream.has_value());
    CancelSource source;
    TaskGroup group;
    if (cancelled) group.spawn(cancel_later(source), "cancel");
    const auto limit = Deadline::after(milliseconds(cancelled ? 20'000 : 60));
    const auto got = co_await (*stream)->read_some(buffer, limit, source.token());
    REQUIRE_FALSE(got.has_value());
    CHECK(got.error().code == (cancelled ? "cancelled" : "stream.timeout"));
    co_await group.join();
  }
}

Task<void> cancelled_connect() {
  CancelSource source;
  TaskGroup group;
  group.spawn(cancel_later(source), "cancel");
  // an address of the documentation's range: nobody answers there
  StreamTarget nowhere{.host = "192.0.2.1", .port = 9};
  const SteadyTime start = steady_now();
  const auto stream = co_await Stream::connect(
      std::move(nowhere), Deadline::after(milliseconds(20'000)), source.token());
  REQUIRE_FALSE(stream.has_value());
  // a machine without a route there says so before it is cancelled
  CHECK((stream.error().code == "cancelled" || stream.error().code == "stream.connect"));
  CHECK(steady_now() - start < milliseconds(5000));
  co_await group.join();
}

// Accepts one connection on a Unix socket and echoes it.
class UnixEcho {
 public:
  UnixEcho() : path_("/tmp/selvage-stream-" + std::to_string(::getpid())) {
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    ::unlink(path_.c_str());
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener_, 1) == 0);
    thread_ = std::thread([this] {
      const int fd = ::accept(listener_, nullptr, nullptr);
      char buffer[64];
      const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
      ::send(fd, buffer, static_cast<std::size_t>(got), MSG_NOSIGNAL);
      ::close(fd);
    });
  }
  ~UnixEcho() {
    thread_.join();
    ::close(listener_);
    ::unlink(path_.c_str());
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  int listener_ = -1;
  std::thread thread_;
};

Task<void> over_unix(std::string path) {
  const auto stream = co_await connect({.unix_path = path});
  REQUIRE_MESSAGE(stream.has_value(), stream.error().describe());
  CHECK((*stream)->append("hel", "lo"));
  (*stream)->flush();
  CHECK(co_await read_to_end(**stream) == "hello");
  const auto missing = co_await connect({.unix_path = path + ".missing"});
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().code == "stream.connect");
  CHECK(missing.error().message.find(path) != std::string::npos);
  const auto long_path = co_await connect({.unix_path = std::string(300, 'x')});
  CHECK(long_path.error().code == "stream.connect");
}

void run(Task<void> task) {
  Loop loop;
  loop.run_until_done(std::move(task));
}

}  // namespace

TEST_CASE("Stream: what the kernel does not take at once goes out as the peer reads") {
  const std::string text = bytes(30'000'000);
  RawServer server([&](RawServer::Peer& peer) { (void)peer.send(peer.read_bytes(text.size())); });
  run(echo_much(at(server), text));
}

TEST_CASE("Stream: what waits to be sent is bounded") {
  RawServer server([](RawServer::Peer& peer) { (void)peer.wait_for_close(milliseconds(20'000)); });
  run(too_much(at(server)));
}

TEST_CASE("Stream: closing, a deadline and a cancellation end a read") {
  RawServer server([](RawServer::Peer& peer) { (void)peer.wait_for_close(milliseconds(20'000)); });
  run(closed_while_reading(at(server)));
  run(read_limits(at(server)));
}

TEST_CASE("Stream: connecting can be cancelled") { run(cancelled_connect()); }

TEST_CASE("Stream: a Unix socket") {
  const UnixEcho server;
  run(over_unix(server.path()));
}

TEST_CASE("Stream: a peer that resets is told as that, with what it said before") {
  RawServer server([](RawServer::Peer& peer) {
    (void)peer.read_bytes(1);
    peer.reset_at_end();
  });
  struct Story {
    static Task<void> run(StreamTarget target) {
      const auto stream = co_await connect(std::move(target));
      REQUIRE(stream.has_value());
      CHECK((*stream)->append("xy"));
      (*stream)->flush();
      CHECK(co_await read_to_end(**stream) == "");
      CHECK_FALSE((*stream)->end_reason().empty());
    }
  };
  run(Story::run(at(server)));
}
