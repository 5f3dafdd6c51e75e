#pragma once

#include "base/settings.hpp"

namespace selvage::work {
// QUEUE_URL, QUEUE_NAME, WORKER_CONCURRENCY, TASK_TIME_LIMIT, LEASE_TIME, DRAIN_GRACE, MAX_DELIVERIES, QUEUE_MAX_READY.
extern const SettingSection kWorkSettings;
}  // namespace selvage::work
