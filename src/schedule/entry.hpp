// Entry: what fires, when, and as which task. Parsed from JSON (the schedule file, the API, the
// table), checked as a whole.
#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <set>
#include <string>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "schedule/timing.hpp"

namespace selvage::schedule {

inline constexpr std::size_t kMaxEntries = 5'000;
inline constexpr std::size_t kMaxName = 100;             // bytes of an entry's name
inline constexpr std::size_t kMaxArguments = 64 * 1024;  // bytes of args, and of kwargs
inline constexpr std::int64_t kMaxCatchUp = 1'000;       // fires made up for at once
inline constexpr std::chrono::hours kMaxJitter{1};

// What becomes of times that passed while nobody could fire them (see plan.hpp).
enum class CatchUp { skip, once, all };
[[nodiscard]] std::string_view name(CatchUp catch_up);

struct Entry {
  std::string name;  // [A-Za-z0-9._-]+
  std::string cron;  // as written; this or `every`
  std::string every;
  std::string timezone;  // of `cron`
  Timing timing = Timing::hourly();
  std::string task;           // the Celery name of what runs
  std::string args = "[]";    // JSON array
  std::string kwargs = "{}";  // JSON object
  std::string queue;
  int priority = 0;                     // 0..9, 0 is served first
  std::optional<milliseconds> expires;  // after its time, a fire that has not begun is dropped
  CatchUp catch_up = CatchUp::once;
  std::int64_t catch_up_max = 100;  // of CatchUp::all
  milliseconds jitter{0};           // fires come up to this much after their time
  bool enabled = true;
};

struct EntryRules {
  std::string default_queue;
  // Queues that take other messages than Celery's, so that a schedule may not send to them.
  std::set<std::string> foreign_queues;
};

// `path` is said in front of what is wrong. Errors: schedule.entry (invalid), all problems in one.
[[nodiscard]] Result<Entry> parse_entry(const json::value& value, std::string_view path,
                                        const EntryRules& rules);

// All of an entry but its name and whether it is enabled, as JSON in a fixed order: two entries
// with the same definition fire the same.
[[nodiscard]] std::string definition_of(const Entry& entry);
// The same back.
[[nodiscard]] Result<Entry> entry_of(std::string name, bool enabled, std::string_view definition);

// "30 2 * * * Europe/Berlin", "every 30s".
[[nodiscard]] std::string timing_text(const Entry& entry);

}  // namespace selvage::schedule
