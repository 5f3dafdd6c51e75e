#pragma once

#include "base/settings.hpp"

namespace selvage::app {
// HTTP_HOST, HTTP_PORT, HTTP_THREADS, HTTP_MAX_UPLOAD, MONITOR_PORT, MONITOR_HOST, TRUSTED_PROXIES,
// CORS_ORIGINS, CONSOLE, OPERATIONS_ACCESS, LOG_LEVEL, LOG_FORMAT.
extern const SettingSection kServiceSettings;
}  // namespace selvage::app
