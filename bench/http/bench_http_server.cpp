// The HTTP server with nothing behind it: what a request costs before the application does any
// work.
//
//   bench_http_server [port] [threads]
#include <fmt/core.h>

#include <charconv>
#include <string_view>

#include "base/metrics.hpp"
#include "net/http_server.hpp"
#include "net/loop.hpp"

namespace selvage::net {
namespace {

Task<Response> health(Request) {
  co_return Response::json(200, R"({"status":"ok","version":"0.1.0"})");
}

Task<Response> job(Request request) {
  co_return Response::json(
      200, fmt::format(R"({{"id":"{}","status":"completed"}})", request.param("id")));
}

template <class Number>
Number argument(int count, char** arguments, int index, Number fallback) {
  if (index >= count) return fallback;
  const std::string_view text = arguments[index];
  std::from_chars(text.data(), text.data() + text.size(), fallback);
  return fallback;
}

int serve(int count, char** arguments) {
  Router router;
  router.add({.method = Method::get, .pattern = "/health", .handler = health});
  router.add({.method = Method::get, .pattern = "/v1/jobs/{id}", .handler = job});
  Registry metrics;
  ServerOptions options;
  options.port = argument<std::uint16_t>(count, arguments, 1, 0);
  options.threads = argument<std::size_t>(count, arguments, 2, 1);
  HttpServer server(options, router, metrics);
  if (const auto started = server.start(); !started) {
    fmt::print(stderr, "error: {}\n", started.error().describe());
    return 3;
  }
  fmt::print("listening on 127.0.0.1:{}\n", server.port());
  std::fflush(stdout);
  Loop loop;
  StopSignals signals(loop);
  (void)loop.run_until_done(signals.next());
  server.stop(seconds(5));
  return 0;
}

}  // namespace
}  // namespace selvage::net

int main(int count, char** arguments) { return selvage::net::serve(count, arguments); }
