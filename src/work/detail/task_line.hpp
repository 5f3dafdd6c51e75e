// The line of each queue and priority: which waiting task is next, so that fair keys take turns.
//
// Start-time fair queueing over `vtime`: a task that becomes due gets the virtual time of the head
// of the line, or one more than the last task of its own key that still waits, whichever is later;
// the lowest goes first, `seq` breaks ties. Keys with tasks waiting are so served in rounds, one
// task each, however long their own backlogs are: a new key stands at most one round from the
// front. A task without a key counts as an owner of its own. All are seeks in an index, O(log n),
// and there is no counter row that enqueuers would wait for. A task that comes back from a holder
// (lapsed, handed back) has had its turn: it gets the virtual time 0, the front. `vtime` is NULL
// while the task is not in line: delayed.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "data/database.hpp"

namespace selvage::work {

// SQL expressions, the place in line of a task that becomes due now. Parameters: $1 the queue, $2
// the priority, $3 the fair key.
#define SELVAGE_HEAD_OF_LINE                                                 \
  "SELECT MIN(vtime) AS place FROM tasks WHERE queue = $1 AND priority = $2" \
  " AND state = 'ready' AND vtime > 0"
inline constexpr std::string_view kPlaceWithoutKey = "COALESCE((" SELVAGE_HEAD_OF_LINE "), 1)";
inline constexpr std::string_view kPlaceOfKey =
    "(SELECT MAX(place) FROM (" SELVAGE_HEAD_OF_LINE
    " UNION ALL SELECT MAX(vtime) + 1 FROM tasks WHERE queue = $1 AND priority = $2"
    " AND fair_key = $3 AND fair_key <> '' AND state = 'ready' AND vtime IS NOT NULL"
    " UNION ALL SELECT 1) AS places)";
#undef SELVAGE_HEAD_OF_LINE

// How many delayed tasks one claim lets into line at most: a bound on the length of its
// transaction.
inline constexpr std::int64_t kMaxFallenDue = 500;

// Lets delayed tasks of `queue` that are due by `time` into line, in the order in which they fell
// due.
[[nodiscard]] Result<void> admit_due(data::Transaction& tx, const std::string& queue,
                                     Timestamp time);

}  // namespace selvage::work
