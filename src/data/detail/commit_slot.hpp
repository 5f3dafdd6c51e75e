// How a worker knows, after a connection broke during COMMIT, whether it was committed.
//
// Every worker owns one row of the table commit_marks and sets a new number in it within each
// transaction that changes something, in the same message as COMMIT. After a broken connection the
// row tells. The question also sets another number, and a COMMIT that is still on its way then
// fails, because it finds the row not as it expects: an answer stays true.
//
// Why not ask for the transaction's number (pg_xact_status)? After a crash PostgreSQL gives numbers
// again whose transactions had reached no disk, so "committed" may speak of somebody else's.
#pragma once

#include <cstdint>
#include <string>

#include "data/detail/postgres_connection.hpp"

namespace selvage::data {

struct CommitMark {
  std::string slot;
  std::int64_t before = 0;  // what the row holds, should it exist
  std::int64_t after = 0;   // what it holds if and only if this was committed
};

// Sets the mark when the transaction has changed anything; then one row is changed.
[[nodiscard]] PostgresStatement set_mark(const CommitMark& mark);

// Gives the number in the row: mark.after, or `fence`, and then mark.after will never be there.
// Waits for a transaction that is just about to commit it.
[[nodiscard]] PostgresStatement ask_for_mark(const CommitMark& mark, std::int64_t fence);

// Deletes rows of workers that are long gone.
[[nodiscard]] PostgresStatement sweep_marks();

// One worker's row; used by its thread.
class CommitSlot {
 public:
  CommitSlot();
  // For one try to commit.
  [[nodiscard]] CommitMark next_mark() { return {name_, held_, ++last_}; }
  [[nodiscard]] std::int64_t next_fence() { return ++last_; }
  // The row holds `number` now.
  void holds(std::int64_t number) { held_ = number; }
  // Nothing is known of the row any more: another one is taken.
  void abandon();
  [[nodiscard]] bool is_new() const { return held_ == 0; }

 private:
  std::string name_;
  std::int64_t held_ = 0;
  std::int64_t last_ = 0;
};

}  // namespace selvage::data
