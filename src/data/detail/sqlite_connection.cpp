#include "data/detail/sqlite_connection.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <thread>

#include "data/detail/sqlite_error.hpp"

namespace selvage::data {

namespace {

namespace fs = std::filesystem;

// SQLite's own waiting grows to 100 ms a try, which loses every race against a process that commits
// without pause; a short constant step finds the gap between two commits.
constexpr std::chrono::microseconds kBusyStep{500};
constexpr std::chrono::microseconds kBusyJitter{400};

// A connection touches all of its memory for small objects at once. SQLite's default is 117 KiB
// for each; our allocator is as fast.
constexpr int kLookasideSlot = 1200;
constexpr int kLookasideSlots = 24;

constexpr const char* kCommonPragmas[] = {
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",  // a schema from a crafted file may call no function with side
                                    // effects
    "PRAGMA cell_size_check = ON", "PRAGMA temp_store = MEMORY",
    "PRAGMA mmap_size = 0",  // an I/O error on a mapped page would be a signal, not an error
};
constexpr const char* kWriterPragmas[] = {
    "PRAGMA synchronous = FULL",
    "PRAGMA secure_delete = FAST",
    "PRAGMA cache_size = -16000",
    "PRAGMA wal_autocheckpoint = 4000",      // pages: 16 MiB of log
    "PRAGMA journal_size_limit = 67108864",  // what a burst leaves of the log on disk at most
};
constexpr const char* kReaderPragmas[] = {
    "PRAGMA query_only = ON",
    "PRAGMA cache_size = -4000",
};

// A migration's: it runs once, and is not worth the memory of a kept statement.
bool changes_schema(std::string_view sql) {
  sql.remove_prefix(std::min(sql.find_first_not_of(" \n"), sql.size()));
  return sql.starts_with("CREATE ") || sql.starts_with("ALTER ") || sql.starts_with("DROP ");
}

// Memory statistics take a process-wide lock on every allocation and nobody reads them. Pages are
// allocated as they come, not twenty ahead for each connection.
void configure_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_config(SQLITE_CONFIG_PAGECACHE, nullptr, 0, 0);
  });
}

std::unexpected<Error> not_writable(const fs::path& path, int system_error) {
  return fail(
      ErrorKind::unavailable, "db.read_only",
      fmt::format("{} cannot be written: {}", path.string(), std::strerror(system_error)),
      "give the user of this process write permission on the database file and its directory, "
      "and check that the file system is not mounted read-only");
}

// The directory must take the log beside the file. A new file is readable by its owner alone, and
// SQLite gives the log the same permissions. An existing file is never opened here: closing it
// would drop the POSIX locks of every other connection this process has to it.
Result<void> prepare_file(const fs::path& file) {
  const fs::path directory = file.has_parent_path() ? file.parent_path() : fs::path(".");
  struct stat found{};
  if (::stat(directory.c_str(), &found) != 0 || !S_ISDIR(found.st_mode)) {
    return fail(ErrorKind::unavailable, "db.open",
                fmt::format("the directory {} for the database does not exist", directory.string()),
                "create it, or set DATABASE_URL to a file in an existing directory");
  }
  if (::access(directory.c_str(), W_OK | X_OK) != 0) return not_writable(directory, errno);
  const int created = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (created >= 0) {
    ::close(created);
    return {};
  }
  if (errno == ENOSPC || errno == EDQUOT) {
    return fail(ErrorKind::unavailable, "db.full",
                "the disk for the database " + file.string() + " is full",
                "free space, then start again");
  }
  if (errno != EEXIST) return not_writable(file, errno);
  if (::stat(file.c_str(), &found) != 0 || !S_ISREG(found.st_mode)) {
    return fail(ErrorKind::unavailable, "db.open",
                "the database " + file.string() + " is not a regular file",
                "set DATABASE_URL to another file");
  }
  if (::access(file.c_str(), R_OK | W_OK) != 0) return not_writable(file, errno);
  return {};
}

}  // namespace

Result<std::unique_ptr<SqliteConnection>> SqliteConnection::open(fs::path file, Use use,
                                                                 milliseconds busy_time) {
  configure_library();
  if (use == Use::write) TRY(prepare_file(file));
  std::unique_ptr<SqliteConnection> connection(
      new SqliteConnection(std::move(file), use, busy_time));
  const int code = sqlite3_open_v2(
      connection->file_.c_str(), &connection->db_,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, nullptr);
  if (code != SQLITE_OK) {
    return std::unexpected(sqlite_error(connection->db_, code, connection->file_, {}));
  }
  TRY(connection->configure());
  return connection;
}

Result<void> SqliteConnection::configure() {
  sqlite3_extended_result_codes(db_, 1);
  sqlite3_busy_handler(db_, &wait_while_busy, this);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_LOOKASIDE, nullptr, kLookasideSlot, kLookasideSlots);
  sqlite3_limit(db_, SQLITE_LIMIT_LENGTH, kMaxValueBytes);
  for (const char* pragma : kCommonPragmas) TRY(control(pragma));
  TRY(enter_wal());
  if (use_ == Use::write) {
    for (const char* pragma : kWriterPragmas) TRY(control(pragma));
  } else {
    for (const char* pragma : kReaderPragmas) TRY(control(pragma));
  }
  // Reads the schema, so that a damaged file is refused now and not by the first request.
  TRY(control("SELECT count(*) FROM sqlite_schema"));
  statements_.clear();
  return {};
}

Result<void> SqliteConnection::enter_wal() {
  const Deadline deadline = Deadline::after(busy_time_);
  for (;;) {
    SqliteStatement* statement = TRY(prepare("PRAGMA journal_mode = WAL", /*control=*/true));
    Rows rows;
    Result<std::int64_t> done = run(*statement, {}, &rows);
    if (done && rows.size() == 1 && rows.front().text(0) == "wal") return {};
    // SQLite does not wait by itself here when two processes change the mode of a new file at once.
    if (!done && (done.error().code != "db.busy" || deadline.passed())) {
      return std::unexpected(std::move(done.error()));
    }
    if (done) {
      return fail(
          ErrorKind::unavailable, "db.open",
          fmt::format("the database {} cannot use write-ahead logging here", file_.string()),
          "keep it on a local file system, not on a network share");
    }
    std::this_thread::sleep_for(kBusyStep);
  }
}

SqliteConnection::~SqliteConnection() {
  statements_.clear();
  sqlite3_close(db_);
}

int SqliteConnection::wait_while_busy(void* self, int tries) {
  auto& connection = *static_cast<SqliteConnection*>(self);
  if (tries == 0) connection.busy_since_ = steady_now();
  if (steady_now() - connection.busy_since_ >= connection.busy_time_) return 0;
  std::this_thread::sleep_for(kBusyStep + kBusyJitter * (tries % 3));
  return 1;
}

Result<SqliteStatement*> SqliteConnection::prepare(std::string_view sql, bool control) {
  const auto found = statements_.find(sql);
  if (found != statements_.end() && (control || !found->second->is_control())) {
    return found->second.get();
  }
  std::unique_ptr<SqliteStatement> statement =
      TRY(SqliteStatement::prepare(db_, file_, sql, control));
  // Only generated SQL can come this far; starting over is cheaper than keeping an order of use.
  if (statements_.size() >= kMaxCachedStatements) statements_.clear();
  std::erase_if(statements_, [](const auto& kept) { return changes_schema(kept.first); });
  return statements_.emplace(sql, std::move(statement)).first->second.get();
}

Result<std::int64_t> SqliteConnection::run(SqliteStatement& statement, const Params& params,
                                           Rows* rows) {
  TRY(statement.bind(params));
  const sqlite3_int64 before = sqlite3_total_changes64(db_);
  int code = statement.step();
  for (std::size_t count = 0; code == SQLITE_ROW; code = statement.step()) {
    if (++count > kMaxRows) {
      std::string sql(statement.sql());
      statement.reset();
      return fail(ErrorKind::internal, "db.sql",
                  fmt::format("a query gave more than {} rows: {:.200}", kMaxRows, sql));
    }
    if (rows != nullptr) rows->push_back(statement.row());
  }
  if (code != SQLITE_DONE) {
    Error error = sqlite_error(db_, code, file_, statement.sql());
    statement.reset();
    return std::unexpected(std::move(error));
  }
  statement.reset();
  return sqlite3_total_changes64(db_) == before ? 0 : sqlite3_changes64(db_);
}

Result<void> SqliteConnection::control(std::string_view sql) {
  SqliteStatement* statement = TRY(prepare(sql, /*control=*/true));
  TRY(run(*statement, {}, nullptr));
  return {};
}

void SqliteConnection::checkpoint() {
  // Best effort: whatever stays in the log is found there by the next process.
  sqlite3_wal_checkpoint_v2(db_, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
}

}  // namespace selvage::data
