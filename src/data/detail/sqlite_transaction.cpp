#include "data/detail/sqlite_transaction.hpp"

#include <fmt/format.h>

#include <exception>

namespace selvage::data {

Result<Rows> SqliteTransaction::query(std::string_view sql, Params params) {
  Rows rows;
  TRY(run(sql, params, &rows));
  return rows;
}

Result<std::int64_t> SqliteTransaction::execute(std::string_view sql, Params params) {
  return run(sql, params, nullptr);
}

Result<std::int64_t> SqliteTransaction::run(std::string_view sql, const Params& params,
                                            Rows* rows) {
  // Without this, what follows a roll-back by SQLite itself would commit one by one.
  if (!connection_.in_transaction()) {
    return fail(ErrorKind::unavailable, "db.unavailable",
                "the transaction was rolled back after an earlier error");
  }
  SqliteStatement* statement = TRY(connection_.prepare(sql));
  if (!statement->changes_nothing()) {
    if (connection_.use() == SqliteConnection::Use::read) {
      return fail(ErrorKind::internal, "db.sql",
                  fmt::format("a read transaction must change nothing: {:.200}", sql));
    }
    if (isolation_ == Isolation::savepoint && !savepoint_open_) {
      TRY(connection_.control("SAVEPOINT body"));
      savepoint_open_ = true;
      statement = TRY(connection_.prepare(sql));  // preparing SAVEPOINT may have renewed the cache
    }
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

Result<void> call_body(std::move_only_function<Result<void>(Transaction&)>& body,
                       Transaction& transaction) {
  std::string what;
  try {
    return body(transaction);
  } catch (const std::exception& bug) {
    what = bug.what();
  } catch (...) {  // whatever a body throws, the other bodies and this thread go on
    what = "an unknown exception";
  }
  return fail(ErrorKind::internal, "db.body_threw", "a transaction's body threw: " + what);
}

}  // namespace selvage::data
