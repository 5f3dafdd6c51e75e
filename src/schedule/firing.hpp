// Firing: the transactions by which a leader moves the schedule on.
//
// A fire is one transaction: the lead is checked (and its row locked), the entry's next time is
// moved on from exactly the value that was read, the fire is recorded under its task id, and the
// task is enqueued. Either all of it is durable or nothing is; whatever is killed, the next leader
// finds the entry either before or after the fire.
#pragma once

#include <string>
#include <vector>

#include "schedule/schedule_table.hpp"
#include "work/broker.hpp"
#include "work/leader_lease.hpp"

namespace selvage::schedule {

enum class FireOutcome {
  none,       // nothing was due any more
  fired,      // the task is in its queue
  duplicate,  // it had fired for this time already; passed over
  expired,    // it would have expired before anybody could run it; passed over
  skipped,    // only late times were given up
};
[[nodiscard]] std::string_view name(FireOutcome outcome);

struct FireReport {
  FireOutcome outcome = FireOutcome::none;
  std::int64_t skipped = 0;  // late times that were given up, whatever the outcome
  std::string task_id;
  milliseconds lag{0};  // of the fire, after it was due
};

// Where tasks go. A client's global_keyprefix stands in front of the queues' names on the broker.
struct Outlet {
  work::Broker& broker;
  std::string queue_prefix;
};

// The next step of one entry. Errors: leader.lost, schedule.entry (a definition that cannot be
// read), those of Broker::enqueue (the time stays due), db.*.
[[nodiscard]] Result<FireReport> fire_next(data::Transaction& tx, const work::LeaderLease& lead,
                                           const Outlet& outlet, const std::string& name,
                                           milliseconds on_time);

// For a person, now, beside the schedule: the new task's id. Errors: schedule.unknown,
// schedule.entry, those of Broker::enqueue.
[[nodiscard]] Result<std::string> fire_by_hand(data::Transaction& tx, const Outlet& outlet,
                                               const std::string& name);

struct DueEntries {
  Timestamp now;
  std::vector<std::string> names;   // longest due first, at most kMaxDue
  std::optional<Timestamp> oldest;  // when the first of them was due
  std::optional<Timestamp> next;    // when the next other one is
};
inline constexpr std::size_t kMaxDue = 256;
[[nodiscard]] Result<DueEntries> find_due(data::Transaction& tx);

// Sets every time that lies ahead anew: after a clock that went back, new rules of a time zone, or
// a clock that had been wrong. What has fired cannot fire again. Returns how many were moved.
[[nodiscard]] Result<std::int64_t> set_times_anew(data::Transaction& tx,
                                                  const work::LeaderLease& lead);

}  // namespace selvage::schedule
