// The queues of this platform, also while they are empty.
#pragma once

#include <string>
#include <vector>

#include "app/platform.hpp"

namespace selvage::app {

// The jobs' own queue first; those of webhooks, and Celery's that are named in the settings.
[[nodiscard]] std::vector<std::string> known_queues(const Platform& platform);
// The depth of every queue that holds something, is paused, or is known, by name.
[[nodiscard]] Task<Result<std::vector<work::QueueDepth>>> queue_depths(Platform& platform);
// Stops, or lets go on, handing out tasks of a queue. Errors: queue.unknown (not_found) for one
// that queue_depths() does not tell of.
[[nodiscard]] Task<Result<void>> pause_queue(Platform& platform, std::string queue, bool paused);

}  // namespace selvage::app
