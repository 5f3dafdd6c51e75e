#include "work/detail/task_line.hpp"

#include <fmt/format.h>

namespace selvage::work {

Result<void> admit_due(data::Transaction& tx, const std::string& queue, Timestamp time) {
  const auto due = TRY(tx.query(
      fmt::format(
          "SELECT seq, priority, fair_key FROM tasks WHERE queue = $1 AND state = 'ready'"
          " AND vtime IS NULL AND parked IS NULL AND run_at <= $2 ORDER BY run_at, seq LIMIT $3{}",
          tx.dialect() == data::Dialect::postgres ? " FOR UPDATE SKIP LOCKED" : ""),
      {queue, data::sql(time), kMaxFallenDue}));
  // one by one, because the place of each depends on those before it
  for (const data::Row& row : due) {
    TRY(tx.execute(fmt::format("UPDATE tasks SET vtime = {} WHERE seq = $4",
                               row.text(2).empty() ? kPlaceWithoutKey : kPlaceOfKey),
                   {queue, row.integer(1), row.text(2), row.integer(0)}));
  }
  return {};
}

}  // namespace selvage::work
