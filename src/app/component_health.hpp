// Which parts a process checks for each of its roles, and how their state is told over HTTP: the
// API and the monitor answer by the same functions.
#pragma once

#include <vector>

#include "app/health.hpp"
#include "app/platform.hpp"
#include "app/roles.hpp"
#include "net/http_message.hpp"
#include "sizing/sizer.hpp"

namespace selvage::app {

// The platform and `sizer` (null: SIZING is off) outlive the checks. Errors: of READINESS_URLS.
[[nodiscard]] Result<std::vector<HealthCheck>> component_checks(Platform& platform, Roles roles,
                                                                const sizing::Sizer* sizer);

// Any thread, from memory. /health is 200 whatever the state: it is what says that others fail.
[[nodiscard]] net::Response health_response(const HealthBoard& board);
// 503 while traffic should stay away.
[[nodiscard]] net::Response ready_response(const HealthBoard& board);
// The Prometheus text format.
[[nodiscard]] net::Response metrics_response(Registry& metrics);

}  // namespace selvage::app
