#include "schedule/firing.hpp"

#include <fmt/format.h>

#include "base/id.hpp"
#include "base/text.hpp"
#include "celery/make_message.hpp"
#include "data/database_time.hpp"
#include "schedule/plan.hpp"
#include "work/worker_id.hpp"

namespace selvage::schedule {

namespace {

Result<EntryRow> readable(data::Transaction& tx, const std::string& name) {
  auto row = TRY(find_entry(tx, name));
  if (!row) {
    return fail(ErrorKind::not_found, "schedule.unknown",
                fmt::format("there is no schedule {}", in_quotes(name)),
                "see them: selvage schedule list");
  }
  if (row->problem.empty()) return std::move(*row);
  return fail(ErrorKind::conflict, "schedule.entry",
              fmt::format("the schedule {} cannot be read: {}", name, row->problem),
              "add it anew, or remove it: selvage schedule remove " + name);
}

// False: it is recorded already.
Result<bool> record(data::Transaction& tx, const Entry& entry, const std::string& id,
                    std::optional<Timestamp> time, Timestamp now) {
  const auto added =
      TRY(tx.execute("INSERT INTO schedule_fires (task_id, name, fire_at, fired_at)"
                     " VALUES ($1, $2, $3, $4) ON CONFLICT (task_id) DO NOTHING",
                     {id, entry.name, data::sql(time), data::sql(now)}));
  if (added == 0) return false;
  // by their order and not by time, so that no clock decides what is forgotten
  TRY(
      tx.execute("DELETE FROM schedule_fires WHERE name = $1 AND seq <= (SELECT seq FROM"
                 " schedule_fires WHERE name = $1 ORDER BY seq DESC LIMIT 1 OFFSET $2)",
                 {entry.name, kFiresKept}));
  return true;
}

// `time` is what the fire is for; `expires` counts from it.
Result<std::string> message_of(const Entry& entry, const std::string& id, Timestamp time) {
  celery::MessageOptions options{.id = id,
                                 .queue = entry.queue,
                                 .priority = entry.priority,
                                 .origin = "beat@" + work::host_name()};
  if (entry.expires) options.expires = time + *entry.expires;
  return TRY(celery::make_message(entry.task, entry.args, entry.kwargs, options)).text;
}

Result<bool> enqueue(data::Transaction& tx, const Outlet& outlet, const Entry& entry,
                     const std::string& id, std::optional<Timestamp> time, Timestamp now) {
  if (!TRY(record(tx, entry, id, time, now))) return false;
  const work::NewTask task{.id = id,
                           .queue = outlet.queue_prefix + entry.queue,
                           .payload = TRY(message_of(entry, id, time.value_or(now))),
                           .priority = entry.priority,
                           .for_celery = true};
  const auto added = outlet.broker.enqueue(tx, {&task, 1});
  if (added) return true;
  if (added.error().code == "queue.duplicate") return false;
  return std::unexpected(added.error());
}

Result<void> move_on(data::Transaction& tx, const EntryRow& row, const Plan& plan, bool fired) {
  const auto moved = TRY(tx.execute(
      "UPDATE schedules SET next_at = $3, due_at = $4, skipped = skipped + $5, fires = fires + $6,"
      " last_at = CASE WHEN $6 = 1 THEN CAST($7 AS BIGINT) ELSE last_at END"
      " WHERE name = $1 AND next_at = $2 AND enabled = 1",
      {row.entry.name, data::sql(row.next_at), data::sql(plan.next),
       plan.next ? data::sql(due_at(row.entry, *plan.next)) : data::SqlValue(), plan.skipped,
       std::int64_t{fired ? 1 : 0}, data::sql(plan.fire)}));
  if (moved == 1) return {};
  return fail(ErrorKind::conflict, "schedule.moved",
              fmt::format("the schedule {} was changed meanwhile", row.entry.name));
}

}  // namespace

std::string_view name(FireOutcome outcome) {
  switch (outcome) {
    case FireOutcome::none:
      return "none";
    case FireOutcome::fired:
      return "fired";
    case FireOutcome::duplicate:
      return "duplicate";
    case FireOutcome::expired:
      return "expired";
    case FireOutcome::skipped:
      return "skipped";
  }
  return {};
}

Result<FireReport> fire_next(data::Transaction& tx, const work::LeaderLease& lead,
                             const Outlet& outlet, const std::string& name, milliseconds on_time) {
  TRY(lead.hold(tx));
  const auto row = readable(tx, name);
  if (!row && row.error().code == "schedule.unknown") return FireReport{};
  if (!row) return std::unexpected(row.error());
  const Timestamp time = TRY(data::database_time(tx));
  if (!row->entry.enabled || !row->next_at || due_at(row->entry, *row->next_at) > time) {
    return FireReport{};
  }
  const Plan plan = make_plan(row->entry, *row->next_at, time, on_time);
  FireReport report{.outcome = FireOutcome::skipped, .skipped = plan.skipped};
  if (plan.fire) {
    report.task_id = task_id(name, *plan.fire);
    report.lag = time - due_at(row->entry, *plan.fire);
    if (plan.expired) {
      report.outcome = FireOutcome::expired;
    } else if (TRY(enqueue(tx, outlet, row->entry, report.task_id, plan.fire, time))) {
      report.outcome = FireOutcome::fired;
    } else {
      report.outcome = FireOutcome::duplicate;
    }
  }
  TRY(move_on(tx, *row, plan, report.outcome == FireOutcome::fired));
  return report;
}

Result<std::string> fire_by_hand(data::Transaction& tx, const Outlet& outlet,
                                 const std::string& name) {
  const EntryRow row = TRY(readable(tx, name));
  std::string id = fmt::format("{}@{}", name, new_uuid());
  const Timestamp time = TRY(data::database_time(tx));
  if (!TRY(enqueue(tx, outlet, row.entry, id, std::nullopt, time))) {
    return fail(ErrorKind::conflict, "queue.duplicate", "the queue knows this task already");
  }
  return id;
}

Result<DueEntries> find_due(data::Transaction& tx) {
  DueEntries due{.now = TRY(data::database_time(tx))};
  for (const data::Row& row :
       TRY(tx.query("SELECT name, due_at FROM schedules WHERE enabled = 1 AND due_at <= $1"
                    " ORDER BY due_at LIMIT $2",
                    {data::sql(due.now), static_cast<std::int64_t>(kMaxDue)}))) {
    if (!due.oldest) due.oldest = row.time(1);
    due.names.push_back(row.text(0));
  }
  const auto next = TRY(tx.query_one(
      "SELECT MIN(due_at) FROM schedules WHERE enabled = 1 AND due_at > $1", {data::sql(due.now)}));
  due.next = next->maybe_time(0);
  return due;
}

Result<std::int64_t> set_times_anew(data::Transaction& tx, const work::LeaderLease& lead) {
  TRY(lead.hold(tx));
  const Timestamp time = TRY(data::database_time(tx));
  std::int64_t moved = 0;
  for (const EntryRow& row : TRY(list_entries(tx))) {
    if (!row.problem.empty() || !row.entry.enabled || (row.next_at && *row.next_at <= time)) {
      continue;  // what is due stays due
    }
    const auto next = row.entry.timing.next_after(time);
    if (next == row.next_at) continue;
    moved += TRY(
        tx.execute("UPDATE schedules SET next_at = $2, due_at = $3 WHERE name = $1 AND enabled = 1",
                   {row.entry.name, data::sql(next),
                    next ? data::sql(due_at(row.entry, *next)) : data::SqlValue()}));
  }
  return moved;
}

}  // namespace selvage::schedule
