// What the handlers of the API work with. Everything outlives the HTTP server.
#pragma once

#include "app/health.hpp"
#include "app/http/console_session.hpp"
#include "app/http/endpoint.hpp"
#include "app/job_feed.hpp"
#include "app/platform.hpp"
#include "app/timeline.hpp"
#include "sizing/sizer.hpp"
#include "tryon/acceptance.hpp"

namespace selvage::app {

struct ApiParts {
  Platform& platform;
  tryon::Acceptance& acceptance;
  const net::EgressGuard& guard;  // judges URLs
  JobFeed& feed;
  const Timeline& timeline;
  const HealthBoard& board;
  const ConsoleSessions& console_sessions;
  Authenticator& authenticator;
  std::string provider;
  sizing::Sizer* sizer = nullptr;  // null: SIZING is off
};

// Each file of endpoints offers its own list.
[[nodiscard]] std::vector<Endpoint> job_endpoints(ApiParts parts);
[[nodiscard]] std::vector<Endpoint> job_event_endpoints(ApiParts parts);
[[nodiscard]] std::vector<Endpoint> bulk_endpoints(ApiParts parts);
[[nodiscard]] std::vector<Endpoint> webhook_endpoints(ApiParts parts);
[[nodiscard]] std::vector<Endpoint> delivery_endpoints(ApiParts parts);
[[nodiscard]] std::vector<Endpoint> sizing_endpoints(ApiParts parts);
[[nodiscard]] std::vector<Endpoint> size_estimate_endpoints(ApiParts parts);
[[nodiscard]] std::vector<Endpoint> size_chart_endpoints(ApiParts parts);
[[nodiscard]] std::vector<Endpoint> operations_endpoints(ApiParts parts);
[[nodiscard]] std::vector<Endpoint> console_endpoints(ApiParts parts);
[[nodiscard]] std::vector<Endpoint> schedule_endpoints(ApiParts parts);
[[nodiscard]] std::vector<Endpoint> file_endpoints(ApiParts parts);
[[nodiscard]] std::vector<Endpoint> all_endpoints(ApiParts parts);  // and /openapi.json

}  // namespace selvage::app
