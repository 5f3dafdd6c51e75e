// What all threads of a server share. Read-only after start, but for the caps and counters inside.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "net/address_policy.hpp"
#include "net/detail/connection_caps.hpp"
#include "net/detail/route_metrics.hpp"
#include "net/http_server.hpp"

namespace selvage::net::detail {

struct ServerState {
  ServerState(ServerOptions given, const Router& the_router, Registry& registry)
      : options(std::move(given)),
        router(the_router),
        metrics(the_router, registry),
        caps(options.limits.connections, options.limits.connections_per_peer) {}

  const ServerOptions options;
  const Router& router;
  RouteMetrics metrics;
  ConnectionCaps caps;
  std::vector<CidrRange> trusted_proxies;
  std::atomic<std::uint64_t> body_bytes = 0;  // held by all requests now
};

}  // namespace selvage::net::detail
