#include "schedule/settings.hpp"

namespace selvage::schedule {

namespace {

constexpr SettingSpec kSpecs[] = {
    {"SCHEDULE_FILE", SettingType::path, "", "",
     "JSON file of schedules; read at the start and again when it changes."},
    {"SCHEDULE_ON_TIME", SettingType::duration, "60s", "1s..1h",
     "How late a time may fire and still count as on time; for later ones the entry's catch_up "
     "holds."},
    {"SCHEDULE_LEASE", SettingType::duration, "10s", "1s..5m",
     "How long a silent leader of the schedule keeps the lead before another process takes it."},
};

}  // namespace

const SettingSection kScheduleSettings{"Schedules", kSpecs};

}  // namespace selvage::schedule
