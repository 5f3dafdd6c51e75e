// SQLite in WAL mode with synchronous=FULL: a commit that write() has reported survives power loss.
//
// One writer thread gathers what is queued (at most kMaxGroup bodies) into one commit, each body in
// its own savepoint; `readers` threads serve snapshots. Several processes may share the file: a
// busy database is waited for up to `busy_time`. Statements are prepared once and cached.
#pragma once

#include <filesystem>
#include <memory>

#include "data/database.hpp"

namespace selvage::data {

struct SqliteOptions {
  std::filesystem::path file;  // its directory must exist
  std::size_t readers = 2;
  milliseconds busy_time{5000};
  std::size_t max_queued = 16'384;  // more answers db.busy
};

inline constexpr std::size_t kMaxGroup = 512;

// Errors: db.open, db.read_only, db.corrupt.
[[nodiscard]] Result<std::unique_ptr<Database>> open_sqlite(SqliteOptions options);

}  // namespace selvage::data
