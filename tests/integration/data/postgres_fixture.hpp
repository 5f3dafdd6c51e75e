// A PostgreSQL database with one table, for the tests of what the database itself promises.
#pragma once

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "data/api_keys.hpp"
#include "data/migrations.hpp"
#include "data/postgres_database.hpp"
#include "support/eventually.hpp"
#include "support/running_postgres.hpp"

namespace selvage::data {

using testing::RunningPostgres;

inline std::unique_ptr<Database> must_open(PostgresOptions options) {
  auto database = open_postgres(std::move(options));
  REQUIRE_MESSAGE(database.has_value(), database.error().describe());
  return std::move(*database);
}

inline std::int64_t number(Database& database, std::string query, Params params = {}) {
  const auto row =
      database.read_blocking([&](Transaction& tx) { return tx.query_one(query, params); });
  REQUIRE_MESSAGE(row.has_value(), row.error().describe());
  return (*row)->integer(0);
}

// With this room's tables. `entry` has no unique index: what ran twice is there twice.
inline void create_table(Database& database) {
  const std::span<const Migration> rooms[] = {kDataMigrations};
  const auto migrated = migrate(database, rooms);
  REQUIRE_MESSAGE(migrated.has_value(), migrated.error().describe());
  const auto made = database.write_blocking([](Transaction& tx) {
    return tx.execute("CREATE TABLE entry (id BIGINT NOT NULL, note TEXT)");
  });
  REQUIRE_MESSAGE(made.has_value(), made.error().describe());
}

inline Result<std::int64_t> insert(Database& database, std::int64_t id) {
  return database.write_blocking(
      [id](Transaction& tx) { return tx.execute("INSERT INTO entry (id) VALUES ($1)", {id}); });
}

inline std::int64_t times_there(Database& database, std::int64_t id) {
  return number(database, "SELECT count(*) FROM entry WHERE id = $1", {id});
}

using testing::eventually;

}  // namespace selvage::data
