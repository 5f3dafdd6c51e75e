#include "data/detail/sqlite_transaction.hpp"

#include <fmt/format.h>

namespace selvage::data {

Result<Rows> SqliteTransaction::query(std::string_view sql, Params params) {
  Rows rows;
  TRY(run(sql, params, &rows));
  return rows;
}

Result<std::int64_t> SqliteTransaction::execute(std::string_view sql, Params params) {
  return run(sql, params, nullptr);
}

// Without this, what follows a roll-back by SQLite itself would commit one by one.
Result<void> SqliteTransaction::check_open() const {
  if (connection_.in_transaction()) return {};
  return fail(ErrorKind::unavailable, "db.unavailable",
              "the transaction was rolled back after an earlier error");
}

Result<bool> SqliteTransaction::open_savepoint() {
  if (isolation_ != Isolation::savepoint || savepoint_open_) return false;
  TRY(connection_.control("SAVEPOINT body"));
  savepoint_open_ = true;
  return true;
}

Result<void> SqliteTransaction::savepoint(Savepoint step) {
  TRY(check_open());
  switch (step) {
    case Savepoint::begin:
      TRY(open_savepoint());
      return connection_.control("SAVEPOINT part");
    case Savepoint::undo:
      TRY(connection_.control("ROLLBACK TO part"));
      return connection_.control("RELEASE part");
    case Savepoint::keep:
      return connection_.control("RELEASE part");
  }
  SELVAGE_CHECK(false);
}

Result<std::int64_t> SqliteTransaction::run(std::string_view sql, const Params& params,
                                            Rows* rows) {
  TRY(check_open());
  SqliteStatement* statement = TRY(connection_.prepare(sql));
  if (!statement->changes_nothing()) {
    if (connection_.use() == SqliteConnection::Use::read) {
      return fail(ErrorKind::internal, "db.sql",
                  fmt::format("a read transaction must change nothing: {:.200}", sql));
    }
    // Preparing SAVEPOINT may have renewed the cache.
    if (TRY(open_savepoint())) statement = TRY(connection_.prepare(sql));
  }
  return connection_.run(*statement, params, rows);
}

Result<void> SqliteTransaction::keep() {
  if (!savepoint_open_) return {};
  savepoint_open_ = false;
  return connection_.control("RELEASE body");
}

Result<void> SqliteTransaction::undo() {
  if (!savepoint_open_) return {};
  savepoint_open_ = false;
  TRY(connection_.control("ROLLBACK TO body"));
  return connection_.control("RELEASE body");
}

}  // namespace selvage::data
