// The table `schedules`: every entry, from the file and from people, with its next time; and
// `schedule_fires`, what has fired, whose primary key is what makes a second fire for the same time
// impossible.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/database.hpp"
#include "data/migrations.hpp"
#include "schedule/entry.hpp"

namespace selvage::schedule {

inline constexpr std::string_view kOffice = "schedule";  // what the leader leads
inline constexpr std::int64_t kFiresKept = 2'000;        // of each entry; more than kMaxCatchUp

enum class Source { file, database };
[[nodiscard]] std::string_view name(Source source);

struct EntryRow {
  Entry entry;
  std::string problem;  // why the definition cannot be read (a zone that was uninstalled); then
                        // only the entry's name and whether it is enabled are of use
  Source source = Source::database;
  std::string definition;            // as it is stored
  std::optional<Timestamp> next_at;  // the next time; none: never again
  std::optional<Timestamp> last_at;  // the latest time that fired
  std::int64_t fires = 0;
  std::int64_t skipped = 0;
};

// Adds the entry, or replaces the one of its name; a changed timing starts anew after `now`.
// Errors: schedule.of_file (conflict) when a file holds that name and `source` is not the file, and
// the reverse: schedule.of_database; schedule.full (conflict) at kMaxEntries.
[[nodiscard]] Result<void> save_entry(data::Transaction& tx, const Entry& entry, Source source,
                                      Timestamp now);
// A file's entry returns when the file is read again and still has it. Errors: schedule.unknown
// (not_found).
[[nodiscard]] Result<void> remove_entry(data::Transaction& tx, const std::string& name);
// It holds until a file's entry is changed in its file. An enabled entry goes on after `now`: what
// passed meanwhile is not made up for. Errors: schedule.unknown.
[[nodiscard]] Result<void> enable_entry(data::Transaction& tx, const std::string& name,
                                        bool enabled, Timestamp now);

// Makes the table's file entries those of `entries`: what is gone is removed, what has changed is
// replaced (and enabled or not as the file says), the rest is left as it is. Returns the names that
// people's entries hold and the file therefore cannot. Errors: schedule.full.
[[nodiscard]] Result<std::vector<std::string>> take_over_file(data::Transaction& tx,
                                                              std::span<const Entry> entries,
                                                              Timestamp now);

[[nodiscard]] Result<std::vector<EntryRow>> list_entries(data::Transaction& tx);  // by name
[[nodiscard]] Result<std::optional<EntryRow>> find_entry(data::Transaction& tx,
                                                         const std::string& name);
// For health: whether anything is to be fired at all.
[[nodiscard]] Result<bool> any_enabled(data::Transaction& tx);

struct FireRow {
  std::string task_id;
  std::optional<Timestamp> time;  // what it fired for; none: by hand
  Timestamp fired_at;
};
// Newest first.
[[nodiscard]] Result<std::vector<FireRow>> last_fires(data::Transaction& tx,
                                                      const std::string& name, std::size_t limit);

extern const std::span<const data::Migration> kScheduleMigrations;

}  // namespace selvage::schedule
