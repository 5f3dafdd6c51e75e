#include "data/detail/commit_slot.hpp"

#include "base/id.hpp"

namespace selvage::data {

PostgresStatement set_mark(const CommitMark& mark) {
  // NULL when the row holds anything else, which the column refuses.
  return {
      "INSERT INTO commit_marks (slot, mark) SELECT $1, $2"
      " WHERE pg_current_xact_id_if_assigned() IS NOT NULL"
      " ON CONFLICT (slot) DO UPDATE SET marked_at = now(),"
      " mark = CASE WHEN commit_marks.mark = $3 THEN excluded.mark END",
      {mark.slot, mark.after, mark.before}};
}

PostgresStatement ask_for_mark(const CommitMark& mark, std::int64_t fence) {
  return {
      "INSERT INTO commit_marks (slot, mark) VALUES ($1, $2)"
      " ON CONFLICT (slot) DO UPDATE SET marked_at = now(),"
      " mark = CASE WHEN commit_marks.mark = $3 THEN commit_marks.mark ELSE excluded.mark END"
      " RETURNING mark",
      {mark.slot, fence, mark.after}};
}

PostgresStatement sweep_marks() {
  return {
      "DELETE FROM commit_marks WHERE slot IN (SELECT slot FROM commit_marks"
      " WHERE marked_at < now() - interval '7 days' LIMIT 100 FOR UPDATE SKIP LOCKED)",
      {}};
}

CommitSlot::CommitSlot() : name_(new_uuid()) {}

void CommitSlot::abandon() { *this = CommitSlot(); }

}  // namespace selvage::data
