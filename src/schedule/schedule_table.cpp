#include "schedule/schedule_table.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

#include "base/text.hpp"
#include "schedule/plan.hpp"

namespace selvage::schedule {

namespace {

constexpr std::string_view kColumns =
    "name, source, definition, enabled, next_at, last_at, fires, skipped";

EntryRow row_of(const data::Row& row) {
  EntryRow found{.entry = {.name = row.text(0), .enabled = row.integer(3) != 0},
                 .source = row.text(1) == "file" ? Source::file : Source::database,
                 .definition = row.text(2),
                 .next_at = row.maybe_time(4),
                 .last_at = row.maybe_time(5),
                 .fires = row.integer(6),
                 .skipped = row.integer(7)};
  auto entry = entry_of(found.entry.name, found.entry.enabled, found.definition);
  if (entry) {
    found.entry = std::move(*entry);
  } else {
    found.problem = entry.error().describe();
  }
  return found;
}

bool same_times(const Entry& a, const Entry& b) {
  return a.cron == b.cron && a.every == b.every && a.timezone == b.timezone;
}

data::SqlValue due_of(const Entry& entry, std::optional<Timestamp> next) {
  return next ? data::sql(due_at(entry, *next)) : data::SqlValue();
}

std::unexpected<Error> unknown(const std::string& name) {
  return fail(ErrorKind::not_found, "schedule.unknown",
              fmt::format("there is no schedule {}", in_quotes(name)),
              "see them: selvage schedule list");
}

Result<void> check_source(const EntryRow& row, Source source) {
  if (row.source == source) return {};
  if (row.source == Source::file) {
    return fail(ErrorKind::conflict, "schedule.of_file",
                fmt::format("the schedule {} comes from SCHEDULE_FILE", row.entry.name),
                "change it there, or use another name");
  }
  return fail(ErrorKind::conflict, "schedule.of_database",
              fmt::format("a schedule {} was added by a person already", row.entry.name),
              "rename it in the file, or: selvage schedule remove " + row.entry.name);
}

Result<void> check_room(data::Transaction& tx) {
  const auto count = TRY(tx.query_one("SELECT COUNT(*) FROM schedules"));
  if (count->integer(0) < static_cast<std::int64_t>(kMaxEntries)) return {};
  return fail(ErrorKind::conflict, "schedule.full",
              fmt::format("there are {} schedules, which is the most", kMaxEntries));
}

Result<void> write_entry(data::Transaction& tx, const Entry& entry, Source source,
                         std::optional<Timestamp> next, Timestamp now) {
  TRY(tx.execute(
      "INSERT INTO schedules (name, source, definition, enabled, next_at, due_at, created_at,"
      " updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7)"
      " ON CONFLICT (name) DO UPDATE SET definition = excluded.definition,"
      " enabled = excluded.enabled, next_at = excluded.next_at, due_at = excluded.due_at,"
      " updated_at = excluded.updated_at",
      {entry.name, std::string(name(source)), definition_of(entry),
       std::int64_t{entry.enabled ? 1 : 0}, data::sql(next), due_of(entry, next), data::sql(now)}));
  return {};
}

}  // namespace

std::string_view name(Source source) { return source == Source::file ? "file" : "database"; }

Result<void> save_entry(data::Transaction& tx, const Entry& entry, Source source, Timestamp now) {
  const auto row = TRY(find_entry(tx, entry.name));
  if (row) {
    TRY(check_source(*row, source));
  } else {
    TRY(check_room(tx));
  }
  // What is pending stays pending, unless the times themselves have changed.
  const bool goes_on =
      row && row->problem.empty() && row->entry.enabled && same_times(row->entry, entry);
  return write_entry(tx, entry, source, goes_on ? row->next_at : entry.timing.next_after(now), now);
}

Result<void> remove_entry(data::Transaction& tx, const std::string& name) {
  if (TRY(tx.execute("DELETE FROM schedules WHERE name = $1", {name})) == 0) return unknown(name);
  TRY(tx.execute("DELETE FROM schedule_fires WHERE name = $1", {name}));
  return {};
}

Result<void> enable_entry(data::Transaction& tx, const std::string& name, bool enabled,
                          Timestamp now) {
  const auto row = TRY(find_entry(tx, name));
  if (!row) return unknown(name);
  if (row->entry.enabled == enabled) return {};
  if (!row->problem.empty() && enabled) {
    return fail(ErrorKind::conflict, "schedule.entry", row->problem, "add it anew");
  }
  const auto next = enabled ? row->entry.timing.next_after(now) : row->next_at;
  TRY(
      tx.execute("UPDATE schedules SET enabled = $2, next_at = $3, due_at = $4, updated_at = $5"
                 " WHERE name = $1",
                 {name, std::int64_t{enabled ? 1 : 0}, data::sql(next), due_of(row->entry, next),
                  data::sql(now)}));
  return {};
}

Result<std::vector<std::string>> take_over_file(data::Transaction& tx,
                                                std::span<const Entry> entries, Timestamp now) {
  std::map<std::string, EntryRow> rows;
  for (EntryRow& row : TRY(list_entries(tx))) rows.emplace(row.entry.name, std::move(row));
  std::vector<std::string> refused;
  for (const Entry& entry : entries) {
    const auto row = rows.extract(entry.name);
    if (row && row.mapped().source == Source::database) {
      refused.push_back(entry.name);
    } else if (!row || row.mapped().definition != definition_of(entry)) {
      TRY(save_entry(tx, entry, Source::file, now));
    }
  }
  for (const auto& [name, row] : rows) {
    if (row.source == Source::file) TRY(remove_entry(tx, name));
  }
  return refused;
}

Result<std::vector<EntryRow>> list_entries(data::Transaction& tx) {
  std::vector<EntryRow> entries;
  for (const data::Row& row :
       TRY(tx.query(fmt::format("SELECT {} FROM schedules ORDER BY name", kColumns)))) {
    entries.push_back(row_of(row));
  }
  return entries;
}

Result<std::optional<EntryRow>> find_entry(data::Transaction& tx, const std::string& name) {
  const auto row =
      TRY(tx.query_one(fmt::format("SELECT {} FROM schedules WHERE name = $1", kColumns), {name}));
  if (!row) return std::nullopt;
  return row_of(*row);
}

Result<bool> any_enabled(data::Transaction& tx) {
  return TRY(tx.query_one("SELECT name FROM schedules WHERE enabled = 1 LIMIT 1")).has_value();
}

Result<std::vector<FireRow>> last_fires(data::Transaction& tx, const std::string& name,
                                        std::size_t limit) {
  std::vector<FireRow> fires;
  for (const data::Row& row :
       TRY(tx.query("SELECT task_id, fire_at, fired_at FROM schedule_fires WHERE name = $1"
                    " ORDER BY seq DESC LIMIT $2",
                    {name, static_cast<std::int64_t>(limit)}))) {
    fires.push_back({.task_id = row.text(0), .time = row.maybe_time(1), .fired_at = row.time(2)});
  }
  return fires;
}

}  // namespace selvage::schedule
