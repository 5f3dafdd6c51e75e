// Schema migrations: each room gives a list, each entry runs once, in order, in a transaction of
// its own that records it in schema_migrations. Entries are never edited after a release; a changed
// checksum is refused. Safe to run from several processes at once (one waits for the other). On
// PostgreSQL every table that a migration makes is shut to all but its owner (row-level security
// without policies), for a database that others share.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "data/database.hpp"

namespace selvage::data {

struct Migration {
  std::string_view id;      // "tryon/0001-sessions"; sorts within its room
  std::string_view sqlite;  // statements separated by ';' at line ends
  std::string_view postgres;
};

struct MigrationReport {
  std::vector<std::string> applied;
  std::size_t already = 0;
};

// Rooms in dependency order. Errors: migrate.changed, migrate.unknown (the database is newer than
// this binary), db.permission (the role may not create tables, or may not see their rows), db.*.
// What was applied before an error stays.
[[nodiscard]] Result<MigrationReport> migrate(Database& database,
                                              std::span<const std::span<const Migration>> rooms);
// What migrate() would apply.
[[nodiscard]] Result<std::vector<std::string>> pending_migrations(
    Database& database, std::span<const std::span<const Migration>> rooms);

}  // namespace selvage::data
