// Schedules as the JSON of the API and of `selvage schedule list --json`. Include <boost/json.hpp>
// in the .cpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "schedule/schedule_table.hpp"

namespace selvage::app {

[[nodiscard]] json::value schedule_json(const schedule::EntryRow& row);
[[nodiscard]] json::value fire_json(const schedule::FireRow& row);

}  // namespace selvage::app
