// A real server on a free port with a few handlers, for the stories in this folder.
#pragma once

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "base/task_group.hpp"
#include "integration/net/raw_client.hpp"
#include "net/http_server.hpp"
#include "net/loop.hpp"
#include "support/eventually.hpp"

namespace selvage::net {

// What handlers saw; read by the test's thread.
struct Seen {
  std::atomic<int> handled = 0;
  std::atomic<int> gated = 0;
  std::atomic<int> streams_open = 0;
  std::atomic<int> streams_ended = 0;
  std::atomic<std::size_t> bytes_streamed = 0;
  std::atomic<bool> was_cancelled = false;
};

inline Task<Response> answer_hello(Request request, Seen& seen) {
  ++seen.handled;
  co_return Response::text(200, "hello " + std::string(request.query_value("n").value_or("")));
}
inline Task<Response> answer_echo(Request request, Seen& seen) {
  ++seen.handled;
  co_return Response::text(200, std::move(request.body));
}
inline Task<Response> answer_slowly(Request request, Seen& seen) {
  const auto wait = std::stoi(std::string(request.query_value("ms").value_or("300")));
  if (!co_await sleep_for(milliseconds(wait), request.cancel)) seen.was_cancelled = true;
  ++seen.handled;
  co_return Response::text(200, "late");
}
inline Task<Response> answer_crash(Request) {
  co_await sleep_for(milliseconds(1));
  throw std::runtime_error("the handler has a bug");
}
inline Task<Response> answer_request(Request request) {
  co_return Response::text(200, fmt::format("{} {} {}", request.peer, request.request_id,
                                            request.log.get("request_id")));
}
inline Task<std::optional<Response>> refuse_strangers(const Request& request, Seen& seen) {
  ++seen.gated;
  if (request.headers.get("Authorization") == "yes") co_return std::nullopt;
  co_return Response::text(401, "who are you?");
}

// Sends `parts` parts of `size` bytes, then stays open until the client or the server ends it, if
// `linger`.
inline Task<void> stream_parts(ResponseStream& out, int parts, std::size_t size, bool linger,
                               Seen& seen) {
  ++seen.streams_open;
  for (int i = 0; i < parts; ++i) {
    if (!co_await out.write(std::string(size, static_cast<char>('a' + i % 26)))) break;
    seen.bytes_streamed += size;
  }
  if (linger) (void)co_await sleep_for(std::chrono::hours(1), out.closed());
  --seen.streams_open;
  ++seen.streams_ended;
}
inline Task<void> crash_midway(ResponseStream& out) {
  (void)co_await out.write("half");
  throw std::runtime_error("the stream has a bug");
}

struct StreamShape {
  int parts = 3;
  std::size_t size = 5;
  bool linger = false;
};
inline Task<Response> answer_stream(Request, StreamShape shape, Seen& seen) {
  Response response;
  response.headers.add("Content-Type", "text/event-stream");
  response.stream = [shape, &seen] [[clang::coro_wrapper]] (ResponseStream & out) {
    return stream_parts(out, shape.parts, shape.size, shape.linger, seen);
  };
  co_return response;
}
inline Task<Response> answer_crashing_stream(Request) {
  Response response;
  response.stream = [] [[clang::coro_wrapper]] (ResponseStream & out) { return crash_midway(out); };
  co_return response;
}

class TestServer {
 public:
  explicit TestServer(ServerOptions options = {}) {
    add(Method::get, "/hello",
        [this] [[clang::coro_wrapper]] (Request r) { return answer_hello(std::move(r), seen); });
    add(Method::post, "/echo",
        [this] [[clang::coro_wrapper]] (Request r) { return answer_echo(std::move(r), seen); });
    add(Method::get, "/slow",
        [this] [[clang::coro_wrapper]] (Request r) { return answer_slowly(std::move(r), seen); });
    add(Method::get, "/crash",
        [] [[clang::coro_wrapper]] (Request r) { return answer_crash(std::move(r)); });
    add(Method::get, "/request",
        [] [[clang::coro_wrapper]] (Request r) { return answer_request(std::move(r)); });
    add_stream("/stream", {});
    add_stream("/events", {.parts = 1, .linger = true});
    add_stream("/flood", {.parts = 1024, .size = 64 * 1024});
    add(Method::get, "/crash-stream",
        [] [[clang::coro_wrapper]] (Request r) { return answer_crashing_stream(std::move(r)); });
    router.add({.method = Method::post,
                .pattern = "/private",
                .handler = [this] [[clang::coro_wrapper]] (
                               Request r) { return answer_echo(std::move(r), seen); },
                .max_body = 200_MiB,
                .gate = [this] [[clang::coro_wrapper]] (
                            const Request& r) { return refuse_strangers(r, seen); }});
    options.port = 0;
    if (options.threads == 0) options.threads = 2;
    server = std::make_unique<HttpServer>(std::move(options), router, metrics);
    const Result<void> started = server->start();
    REQUIRE_MESSAGE(started.has_value(), (started ? "" : started.error().message));
  }

  [[nodiscard]] RawClient client(int receive_buffer = 0) const {
    return RawClient(server->port(), receive_buffer);
  }

  Seen seen;
  Router router;
  Registry metrics;
  std::unique_ptr<HttpServer> server;

 private:
  void add(Method method, std::string pattern, Handler handler) {
    router.add({.method = method, .pattern = std::move(pattern), .handler = std::move(handler)});
  }
  void add_stream(std::string pattern, StreamShape shape) {
    add(Method::get, std::move(pattern), [this, shape] [[clang::coro_wrapper]] (Request r) {
      return answer_stream(std::move(r), shape, seen);
    });
  }
};

inline int in_progress(TestServer& server) {
  return static_cast<int>(server.metrics.gauge("http_requests_inprogress", "").value());
}

using testing::eventually;

}  // namespace selvage::net
