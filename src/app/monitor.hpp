// Monitor: a process's health, readiness and metrics on a listener of its own (MONITOR_HOST and
// MONITOR_PORT), for roles without the API. It reads memory alone, asks no key, and answers until
// the process has drained.
#pragma once

#include <cstdint>
#include <memory>

#include "app/health.hpp"
#include "base/metrics.hpp"
#include "base/settings.hpp"
#include "net/http_server.hpp"

namespace selvage::app {

inline constexpr std::size_t kMonitorConnections = 64;

class Monitor {
 public:
  // GET and HEAD of /health, /ready and /metrics. `board` and `metrics` outlive it.
  Monitor(const Settings& settings, const HealthBoard& board, Registry& metrics);

  // Binds the port and serves on a thread of its own. Errors: http.address_in_use, http.bind, each
  // with what to do.
  [[nodiscard]] Result<void> start();
  [[nodiscard]] std::uint16_t port() const { return server_.port(); }
  // Answers what has been asked and ends; blocks up to `grace`, so not on an event loop.
  void stop(milliseconds grace) { server_.stop(grace); }

 private:
  net::Router router_;
  net::HttpServer server_;
};

// Whether MONITOR_PORT asks for one.
[[nodiscard]] inline bool has_monitor(const Settings& settings) {
  return settings.integer("MONITOR_PORT") != 0;
}

}  // namespace selvage::app
