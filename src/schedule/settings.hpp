#pragma once

#include "base/settings.hpp"

namespace selvage::schedule {

// SCHEDULE_FILE, SCHEDULE_ON_TIME, SCHEDULE_LEASE.
extern const SettingSection kScheduleSettings;

}  // namespace selvage::schedule
