// One SQLite connection with its prepared statements; the raw C API ends here.
//
// A connection is opened on any thread and then used by one thread at a time. Every failure is an
// Error with the codes of database.hpp.
#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/database.hpp"
#include "data/detail/result_limits.hpp"

namespace selvage::data {

inline constexpr std::size_t kMaxCachedStatements = 512;

// A prepared statement and where each of its parameters comes from.
class SqliteStatement {
 public:
  // `control` admits transaction control, which bodies must not use. Errors: as database.hpp.
  [[nodiscard]] static Result<std::unique_ptr<SqliteStatement>> prepare(
      sqlite3* db, const std::filesystem::path& file, std::string_view sql, bool control);
  ~SqliteStatement() { sqlite3_finalize(handle_); }
  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement& operator=(const SqliteStatement&) = delete;

  // Binds `params`, which must stay alive until reset(). Errors: db.sql when their number is wrong.
  [[nodiscard]] Result<void> bind(const Params& params);
  // A SQLite result code: SQLITE_ROW, SQLITE_DONE or an error.
  [[nodiscard]] int step() { return sqlite3_step(handle_); }
  [[nodiscard]] Row row() const;
  void reset();
  [[nodiscard]] bool changes_nothing() const { return changes_nothing_; }
  [[nodiscard]] bool is_control() const { return is_control_; }
  [[nodiscard]] std::string_view sql() const { return sqlite3_sql(handle_); }

 private:
  explicit SqliteStatement(sqlite3_stmt* handle) : handle_(handle) {}
  [[nodiscard]] Result<void> map_parameters();

  sqlite3_stmt* handle_;
  std::vector<std::size_t> sources_;  // SQLite's n-th parameter is params[sources_[n]]
  std::size_t wanted_ = 0;
  bool changes_nothing_ = false;
  bool is_control_ = false;
};

class SqliteConnection {
 public:
  enum class Use { write, read };

  // Sets WAL, full synchronisation and the other pragmas. Errors: db.open, db.read_only,
  // db.corrupt, db.busy, ...
  [[nodiscard]] static Result<std::unique_ptr<SqliteConnection>> open(std::filesystem::path file,
                                                                      Use use,
                                                                      milliseconds busy_time);
  ~SqliteConnection();
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  // The cached statement, which stays valid until the next call of prepare().
  [[nodiscard]] Result<SqliteStatement*> prepare(std::string_view sql) {
    return prepare(sql, /*control=*/false);
  }
  // Runs `statement` to its end; rows go to `rows`, or nowhere when it is null. Returns the rows
  // changed.
  [[nodiscard]] Result<std::int64_t> run(SqliteStatement& statement, const Params& params,
                                         Rows* rows);
  // Transaction control and pragmas; cached like any other.
  [[nodiscard]] Result<void> control(std::string_view sql);

  // False outside a transaction, also after SQLite has rolled one back by itself (disk full, I/O
  // error).
  [[nodiscard]] bool in_transaction() const { return sqlite3_get_autocommit(db_) == 0; }
  [[nodiscard]] Use use() const { return use_; }
  // Copies the log into the main file and empties it, as far as other connections allow.
  void checkpoint();

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };

  SqliteConnection(std::filesystem::path file, Use use, milliseconds busy_time)
      : file_(std::move(file)), use_(use), busy_time_(busy_time) {}
  [[nodiscard]] Result<SqliteStatement*> prepare(std::string_view sql, bool control);
  [[nodiscard]] Result<void> configure();
  [[nodiscard]] Result<void> enter_wal();
  [[nodiscard]] static int wait_while_busy(void* self, int tries);

  std::filesystem::path file_;
  Use use_;
  milliseconds busy_time_;
  SteadyTime busy_since_;
  sqlite3* db_ = nullptr;
  std::unordered_map<std::string, std::unique_ptr<SqliteStatement>, TextHash, std::equal_to<>>
      statements_;
};

}  // namespace selvage::data
