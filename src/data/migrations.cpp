#include "data/migrations.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

#include "base/crypto.hpp"
#include "data/detail/postgres_schema.hpp"
#include "data/detail/sql_text.hpp"

namespace selvage::data {

namespace {

using Rooms = std::span<const std::span<const Migration>>;
using Checksums = std::map<std::string, std::string, std::less<>>;  // by migration id

constexpr milliseconds kMigrationTime = std::chrono::minutes(30);
constexpr milliseconds kTableLockTime{10'000};

constexpr std::string_view kCreateTable =
    "CREATE TABLE IF NOT EXISTS schema_migrations ("
    "id TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)";

// Both texts, so that an edit for one database is noticed on the other as well.
std::string checksum(const Migration& migration) {
  std::string text(migration.sqlite);
  text += '\0';
  text += migration.postgres;
  return sha256_hex(text);
}

Result<bool> has_table(Transaction& tx) {
  switch (tx.dialect()) {
    case Dialect::sqlite:
      return TRY(tx.query_one("SELECT 1 FROM sqlite_master WHERE type = 'table'"
                              " AND name = 'schema_migrations'"))
          .has_value();
    case Dialect::postgres:
      return has_migrations_table(tx);
  }
  SELVAGE_CHECK(false);
}

Result<Checksums> applied_checksums(Transaction& tx) {
  Checksums applied;
  for (const Row& row : TRY(tx.query("SELECT id, checksum FROM schema_migrations"))) {
    applied.emplace(row.text(0), row.text(1));
  }
  return applied;
}

// What is still to be applied, in order; refuses a history that is not a beginning of ours.
Result<std::vector<const Migration*>> compare(const Checksums& applied, Rooms rooms) {
  std::vector<const Migration*> pending;
  std::set<std::string_view> known;
  for (const std::span<const Migration> room : rooms) {
    for (const Migration& migration : room) {
      if (!known.insert(migration.id).second) {
        return fail(ErrorKind::internal, "migrate.duplicate",
                    fmt::format("the migration {} is listed twice", migration.id));
      }
      const auto found = applied.find(migration.id);
      if (found == applied.end()) {
        pending.push_back(&migration);
      } else if (found->second != checksum(migration)) {
        return fail(
            ErrorKind::conflict, "migrate.changed",
            fmt::format("the migration {} was applied with another text than this program has",
                        migration.id),
            "run the release that matches the database, or restore the migration's original "
            "text and put the change into a new one");
      }
    }
  }
  for (const auto& [id, ignored] : applied) {
    if (!known.contains(id)) {
      return fail(
          ErrorKind::conflict, "migrate.unknown",
          fmt::format("the database is newer than this program: it has the migration {}", id),
          "run the newer release, or restore a backup made by this one");
    }
  }
  return pending;
}

Result<void> apply(Transaction& tx, const Migration& migration) {
  const std::string_view script =
      tx.dialect() == Dialect::sqlite ? migration.sqlite : migration.postgres;
  for (const std::string_view statement : split_statements(script)) {
    const Result<std::int64_t> done = tx.execute(statement);
    if (!done) {
      return std::unexpected(done.error().within(fmt::format("migration {}", migration.id)));
    }
  }
  TRY(tx.execute("INSERT INTO schema_migrations (id, checksum, applied_at) VALUES ($1, $2, $3)",
                 {std::string(migration.id), checksum(migration), sql(now())}));
  return {};
}

struct Step {
  std::size_t already = 0;
  std::optional<std::string> applied;
};

// The next migration that is pending, in a transaction of its own.
Result<Step> apply_next(Transaction& tx, Rooms rooms) {
  // PostgreSQL answers two concurrent CREATE TABLE IF NOT EXISTS with an error; SQLite has one
  // writer anyway.
  tx.allow(kMigrationTime, kMigrationTime);
  tx.lock("schema_migrations");
  const bool has_history = TRY(has_table(tx));
  Checksums applied;
  if (has_history) applied = TRY(applied_checksums(tx));
  const std::vector<const Migration*> pending = TRY(compare(applied, rooms));
  Step step{applied.size(), std::nullopt};
  if (pending.empty() && has_history) return step;
  if (tx.dialect() == Dialect::postgres) TRY(check_may_create(tx));
  // Whoever waits for the lock of a table that is in use holds up all who come after.
  tx.allow(kMigrationTime, kTableLockTime);
  if (!has_history) TRY(tx.execute(kCreateTable));
  if (!pending.empty()) {
    TRY(apply(tx, *pending.front()));
    step.applied = std::string(pending.front()->id);
  }
  if (tx.dialect() == Dialect::postgres) TRY(shut_tables(tx));
  return step;
}

}  // namespace

Result<MigrationReport> migrate(Database& database, Rooms rooms) {
  MigrationReport report;
  for (bool first = true;; first = false) {
    Step step =
        TRY(database.write_blocking([rooms](Transaction& tx) { return apply_next(tx, rooms); }));
    if (first) report.already = step.already;
    if (!step.applied) return report;
    report.applied.push_back(std::move(*step.applied));
  }
}

Result<std::vector<std::string>> pending_migrations(Database& database, Rooms rooms) {
  return database.read_blocking([rooms](Transaction& tx) -> Result<std::vector<std::string>> {
    Checksums applied;
    if (TRY(has_table(tx))) applied = TRY(applied_checksums(tx));
    std::vector<std::string> pending;
    for (const Migration* migration : TRY(compare(applied, rooms))) {
      pending.emplace_back(migration->id);
    }
    return pending;
  });
}

}  // namespace selvage::data
