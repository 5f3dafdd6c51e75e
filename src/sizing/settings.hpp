#pragma once

#include "base/settings.hpp"
#include "sizing/pose_pool.hpp"

namespace selvage::sizing {

// SIZING, SIZING_MODELS, SIZING_WORKERS, SIZING_MAX_REQUESTS, SIZING_TIMEOUT, ...
extern const SettingSection kSizingSettings;

[[nodiscard]] PosePoolOptions pose_pool_options(const Settings& settings);

}  // namespace selvage::sizing
