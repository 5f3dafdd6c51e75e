// The Transaction that bodies see, on one SQLite connection.
#pragma once

#include "data/detail/sqlite_connection.hpp"

namespace selvage::data {

// Opens a savepoint before the first statement that may change something, so that bodies which only
// look pay nothing for standing in a group.
class SqliteTransaction final : public Transaction {
 public:
  enum class Isolation { whole, savepoint };

  SqliteTransaction(SqliteConnection& connection, Isolation isolation)
      : connection_(connection), isolation_(isolation) {}

  Result<Rows> query(std::string_view sql, Params params) override;
  Result<std::int64_t> execute(std::string_view sql, Params params) override;
  Dialect dialect() const override { return Dialect::sqlite; }

  // End the savepoint, if there is one. An error leaves the connection's transaction unusable.
  [[nodiscard]] Result<void> keep();
  [[nodiscard]] Result<void> undo();

 private:
  [[nodiscard]] Result<std::int64_t> run(std::string_view sql, const Params& params, Rows* rows);

  SqliteConnection& connection_;
  Isolation isolation_;
  bool savepoint_open_ = false;
};

// Calls `body`, turning what it throws into db.body_threw.
[[nodiscard]] Result<void> call_body(std::move_only_function<Result<void>(Transaction&)>& body,
                                     Transaction& transaction);

}  // namespace selvage::data
