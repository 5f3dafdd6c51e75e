// The Transaction that bodies see, on one SQLite connection.
#pragma once

#include "data/detail/call_body.hpp"
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
  void lock(std::string_view) override {}
  void allow(milliseconds, milliseconds) override {}

  // End the savepoint, if there is one. An error leaves the connection's transaction unusable.
  [[nodiscard]] Result<void> keep();
  [[nodiscard]] Result<void> undo();

 protected:
  Result<void> savepoint(Savepoint step) override;

 private:
  [[nodiscard]] Result<void> check_open() const;
  [[nodiscard]] Result<bool> open_savepoint();  // true when this call did
  [[nodiscard]] Result<std::int64_t> run(std::string_view sql, const Params& params, Rows* rows);

  SqliteConnection& connection_;
  Isolation isolation_;
  bool savepoint_open_ = false;
};

}  // namespace selvage::data
