// Refusals that say when to come back: 429 with Retry-After, and for a full queue how long the line
// is.
#pragma once

#include "app/http/api_parts.hpp"
#include "base/json.hpp"

namespace selvage::app {

// The problem document of any error; for limit.daily, queue.full and sizing.* also Retry-After, and
// for queue.full the members queue_position (tasks that wait) and estimated_wait_s (until a new one
// would be worked on; left out while nothing is worked off).
[[nodiscard]] net::Response refusal(const ApiParts& parts, const Error& error,
                                    const net::Request& request);

// The same for one of several answers in a body: the problem document as a value.
[[nodiscard]] json::value refusal_json(const ApiParts& parts, const Error& error,
                                       const net::Request& request);

}  // namespace selvage::app
