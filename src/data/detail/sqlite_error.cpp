#include "data/detail/sqlite_error.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>
#include <cstring>

namespace selvage::data {

namespace {

constexpr std::size_t kMaxSqlInError = 200;

std::string shortened(std::string_view sql) {
  if (sql.size() <= kMaxSqlInError) return std::string(sql);
  return std::string(sql.substr(0, kMaxSqlInError)) + "...";
}

Error full(const std::string& file) {
  return {ErrorKind::unavailable, "db.full", "the disk that holds " + file + " is full",
          "free space, then try again; no restart is needed and nothing that was confirmed is lost",
          nullptr};
}

Error read_only(const std::string& file, std::string_view detail) {
  return {ErrorKind::unavailable, "db.read_only",
          fmt::format("the database {} cannot be written: {}", file, detail),
          "give the user of this process write permission on the file and its directory, and check "
          "that the file system is not mounted read-only",
          nullptr};
}

bool is_out_of_space(int system_error) { return system_error == ENOSPC || system_error == EDQUOT; }

}  // namespace

Error sqlite_error(sqlite3* db, int code, const std::filesystem::path& path, std::string_view sql) {
  const std::string file = path.string();
  const std::string detail = db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(code);
  const int system_error = db != nullptr ? sqlite3_system_errno(db) : 0;
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
      return {ErrorKind::conflict, "db.constraint", detail, {}, nullptr};
    case SQLITE_FULL:
      return full(file);
    case SQLITE_READONLY:
      if (code == SQLITE_READONLY_DBMOVED) {
        return {ErrorKind::unavailable, "db.read_only",
                "the database file " + file + " was moved or deleted while it was in use",
                "put the file back, or restart to begin with a new one", nullptr};
      }
      return read_only(file, detail);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorKind::unavailable, "db.busy",
              "the database " + file + " is held by another process for too long",
              "try again; if it lasts, look for a process that keeps a transaction open on it",
              nullptr};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {
          ErrorKind::internal, "db.corrupt",
          fmt::format("the database {} is damaged: {}", file, detail),
          "stop, keep a copy of the file and of the -wal file beside it, and restore the latest "
          "backup",
          nullptr};
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      if (is_out_of_space(system_error)) return full(file);
      if (system_error == EROFS || system_error == EACCES || system_error == EPERM) {
        return read_only(file, std::strerror(system_error));
      }
      return {ErrorKind::unavailable, "db.unavailable",
              fmt::format("the database {} cannot be reached: {}{}{}", file, detail,
                          system_error != 0 ? ", " : "",
                          system_error != 0 ? std::strerror(system_error) : ""),
              "check the disk and the kernel log, then try again", nullptr};
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return read_only(file, detail);
    case SQLITE_NOMEM:
    case SQLITE_PROTOCOL:
    case SQLITE_NOLFS:
      return {ErrorKind::unavailable, "db.unavailable",
              fmt::format("the database {} cannot work now: {}", file, detail), "try again",
              nullptr};
    case SQLITE_TOOBIG:
      return {
          ErrorKind::too_large, "db.too_big", "a value is too large for the database", {}, nullptr};
    default:
      return {ErrorKind::internal,
              "db.sql",
              sql.empty() ? fmt::format("{}: {}", file, detail)
                          : fmt::format("{}, in: {}", detail, shortened(sql)),
              {},
              nullptr};
  }
}

}  // namespace selvage::data
