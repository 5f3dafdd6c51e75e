// One process of the platform: the roles it plays, from start to a clean stop.
#pragma once

#include <functional>

#include "app/platform.hpp"
#include "app/roles.hpp"

namespace selvage::app {

// Serves until SIGINT or SIGTERM, then drains: no new work, running jobs finish within DRAIN_GRACE
// or are handed back; a second signal hands back at once. Past WORKER_MEMORY_MAX it drains likewise
// and starts this program anew in the same process, so it returns only when told to stop. `started`
// is called with the API's port (0 without that role) when everything runs. Errors: what kept it
// from starting.
[[nodiscard]] Result<void> serve(
    Settings settings, Roles roles,
    std::function<Result<void>(Platform&, std::uint16_t port)> started);

}  // namespace selvage::app
