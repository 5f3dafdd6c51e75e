#pragma once

#include "base/settings.hpp"
#include "work/worker.hpp"

namespace selvage::work {

// QUEUE_URL, QUEUE_NAME, WORKER_CONCURRENCY, TASK_TIME_LIMIT, LEASE_TIME, DRAIN_GRACE,
// MAX_DELIVERIES, WORKER_MEMORY_MAX, OWNER_CONCURRENCY, QUEUE_MAX_READY.
extern const SettingSection kWorkSettings;

// A worker as the settings want it, with a new id.
[[nodiscard]] WorkerOptions worker_options(const Settings& settings);

}  // namespace selvage::work
