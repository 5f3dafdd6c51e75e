#include "app/monitor.hpp"

#include "app/component_health.hpp"

namespace selvage::app {

namespace {

net::ServerOptions server_options(const Settings& settings) {
  net::ServerOptions options;
  options.address = settings.text("MONITOR_HOST");
  options.port = static_cast<std::uint16_t>(settings.integer("MONITOR_PORT"));
  options.threads = 1;
  options.limits.head = 8_KiB;
  options.limits.head_time = seconds(5);
  options.limits.body_time = seconds(1);
  options.limits.all_bodies = 64_KiB;
  options.limits.write_time = seconds(10);
  options.limits.connections = kMonitorConnections;
  options.limits.connections_per_peer = kMonitorConnections;
  options.not_found_hint = "this port has /health, /ready and /metrics; the API is at HTTP_PORT";
  return options;
}

Task<net::Response> at_once(net::Response response) { co_return response; }

template <class Answer>
net::Route route(std::string pattern, Answer answer) {
  return {.method = net::Method::get,
          .pattern = std::move(pattern),
          .handler = [answer] [[clang::coro_wrapper]] (net::Request) { return at_once(answer()); },
          .max_body = ByteCount{0},
          .gate = {},
          .traced = false};
}

}  // namespace

Monitor::Monitor(const Settings& settings, const HealthBoard& board, Registry& metrics)
    : router_([&] {
        net::Router router;
        router.add(route("/health", [&board] { return health_response(board); }));
        router.add(route("/ready", [&board] { return ready_response(board); }));
        router.add(route("/metrics", [&metrics] { return metrics_response(metrics); }));
        return router;
      }()),
      server_(server_options(settings), router_, metrics) {}

Result<void> Monitor::start() {
  Result<void> started = server_.start();
  if (started) return started;
  Error error = started.error().within("the monitor");
  error.hint = error.code == "http.address_in_use"
                   ? "give each process of this host a MONITOR_PORT of its own that is not its "
                     "HTTP_PORT, or 0 for none"
                   : "MONITOR_HOST is an IP address of this machine: 127.0.0.1 for itself alone, "
                     "0.0.0.0 for everyone; MONITOR_PORT is above 1023, or needs root rights";
  return fail(std::move(error));
}

}  // namespace selvage::app
