#include "net/detail/route_metrics.hpp"

namespace selvage::net::detail {

namespace {
std::string handler_label(const Route* route) { return route ? route->pattern : "none"; }
}  // namespace

RouteMetrics::RouteMetrics(const Router& router, Registry& registry)
    : in_progress(registry.gauge("http_requests_inprogress", "HTTP requests being handled now")),
      connections(registry.gauge("http_connections", "Open HTTP connections")),
      registry_(registry) {
  cells_.try_emplace(nullptr);
  for (const auto& route : router.routes()) cells_.try_emplace(route.get());
}

void RouteMetrics::observe(const Route* route, Method method, int status, double seconds) {
  const auto found = cells_.find(route);
  if (found == cells_.end()) return;
  find_counter(found->second, route, method, status).add();
  find_histogram(found->second, route, method).observe(seconds);
}

Counter& RouteMetrics::find_counter(Cells& cells, const Route* route, Method method, int status) {
  const auto status_class = static_cast<std::size_t>(std::clamp(status / 100, 1, 5));
  std::atomic<Counter*>& cell = cells.requests[static_cast<std::size_t>(method)][status_class];
  if (Counter* known = cell.load(std::memory_order_acquire)) return *known;
  Counter& counter = registry_.counter("http_requests_total", "HTTP requests answered",
                                       {{"method", std::string(name(method))},
                                        {"status", fmt::format("{}xx", status_class)},
                                        {"handler", handler_label(route)}});
  cell.store(&counter, std::memory_order_release);
  return counter;
}

Histogram& RouteMetrics::find_histogram(Cells& cells, const Route* route, Method method) {
  std::atomic<Histogram*>& cell = cells.durations[static_cast<std::size_t>(method)];
  if (Histogram* known = cell.load(std::memory_order_acquire)) return *known;
  Histogram& histogram = registry_.histogram(
      "http_request_duration_seconds", "Time from a request's head to the end of its response",
      kHttpBuckets, {{"method", std::string(name(method))}, {"handler", handler_label(route)}});
  cell.store(&histogram, std::memory_order_release);
  return histogram;
}

}  // namespace selvage::net::detail
