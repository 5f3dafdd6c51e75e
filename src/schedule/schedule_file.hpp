// The file that SCHEDULE_FILE names: {"schedules": [{"name": ..., "cron": ..., "task": ...}, ...]}.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "schedule/entry.hpp"

namespace selvage::schedule {

inline constexpr std::size_t kMaxFileBytes = 4U << 20U;

// All or nothing. Errors: schedule.file (invalid), with every problem on a line of its own, led by
// the file's name and the line of its entry: "schedules.json:12: nightly.cron: the hour must be
// ...".
[[nodiscard]] Result<std::vector<Entry>> parse_schedule_file(std::string_view text,
                                                             std::string_view file,
                                                             const EntryRules& rules);
// Errors: also schedule.file (unavailable) when it cannot be read. Blocks on the disk.
[[nodiscard]] Result<std::vector<Entry>> read_schedule_file(const std::filesystem::path& file,
                                                            const EntryRules& rules);

}  // namespace selvage::schedule
