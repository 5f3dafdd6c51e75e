// The HTTP metrics of each route, found by pointer on the hot path instead of by name.
#pragma once

#include <array>
#include <atomic>
#include <string_view>
#include <unordered_map>

#include "base/metrics.hpp"
#include "net/http_server.hpp"

namespace selvage::net::detail {

// Any thread once built.
class RouteMetrics {
 public:
  RouteMetrics(const Router& router, Registry& registry);

  // `route` is nullptr for requests that no route took; their handler label is "none".
  void observe(const Route* route, Method method, int status, double seconds);

  Gauge& in_progress;
  Gauge& connections;

 private:
  static constexpr std::size_t kMethods = 8;
  static constexpr std::size_t kClasses = 6;  // index: status / 100
  // Filled on first use: most combinations of method and status never occur.
  struct Cells {
    std::array<std::array<std::atomic<Counter*>, kClasses>, kMethods> requests{};
    std::array<std::atomic<Histogram*>, kMethods> durations{};
  };
  Counter& find_counter(Cells& cells, const Route* route, Method method, int status);
  Histogram& find_histogram(Cells& cells, const Route* route, Method method);

  Registry& registry_;
  std::unordered_map<const Route*, Cells> cells_;  // never changed after construction
};

}  // namespace selvage::net::detail
