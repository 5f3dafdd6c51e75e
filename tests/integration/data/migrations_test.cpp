#include "data/migrations.hpp"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <thread>

#include "data/api_keys.hpp"
#include "data/sqlite_database.hpp"
#include "integration/data/scratch.hpp"

using namespace selvage;
using namespace selvage::data;

namespace {

constexpr Migration kFirst{"a/0001", "CREATE TABLE one (id BIGINT);\nINSERT INTO one VALUES (1);\n",
                           "CREATE TABLE one (id BIGINT)"};
constexpr Migration kSecond{"a/0002", "ALTER TABLE one ADD COLUMN name TEXT", "SELECT 1"};
constexpr Migration kOther{"b/0001", "CREATE TABLE two (id BIGINT); -- the end", ""};

using Rooms = std::vector<std::vector<Migration>>;

template <class Call>
auto with_spans(const Rooms& rooms, Call call) {
  std::vector<std::span<const Migration>> spans(rooms.begin(), rooms.end());
  return call(std::span<const std::span<const Migration>>(spans));
}
Result<MigrationReport> apply(Database& database, const Rooms& rooms) {
  return with_spans(rooms, [&](auto spans) { return migrate(database, spans); });
}
Result<std::vector<std::string>> pending(Database& database, const Rooms& rooms) {
  return with_spans(rooms, [&](auto spans) { return pending_migrations(database, spans); });
}

std::unique_ptr<Database> open(const std::filesystem::path& file) {
  auto database = open_sqlite({.file = file, .readers = 1});
  REQUIRE_MESSAGE(database.has_value(), database.error().describe());
  return std::move(*database);
}

std::int64_t number(Database& database, std::string_view query) {
  const auto row = database.read_blocking([&](Transaction& tx) { return tx.query_one(query); });
  REQUIRE_MESSAGE(row.has_value(), row.error().describe());
  return (*row)->integer(0);
}

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("Migrations: each runs once, in order, and pending tells what is left") {
  const Scratch scratch;
  const auto database = open(scratch / "a.db");
  CHECK(pending(*database, {{kFirst}, {kOther}}) == Ids{"a/0001", "b/0001"});
  const auto first = apply(*database, {{kFirst}, {kOther}});
  REQUIRE_MESSAGE(first.has_value(), first.error().describe());
  CHECK(first->applied == Ids{"a/0001", "b/0001"});
  CHECK(first->already == 0);
  CHECK(number(*database, "SELECT count(*) FROM one") == 1);
  CHECK(pending(*database, {{kFirst, kSecond}, {kOther}}) == Ids{"a/0002"});
  const auto second = apply(*database, {{kFirst, kSecond}, {kOther}});
  REQUIRE(second.has_value());
  CHECK(second->applied == Ids{"a/0002"});
  CHECK(second->already == 2);
  CHECK(apply(*database, {{kFirst, kSecond}, {kOther}})->applied.empty());
}

TEST_CASE("Migrations: a changed text is refused, for either database") {
  const Scratch scratch;
  const auto database = open(scratch / "a.db");
  REQUIRE(apply(*database, {{kFirst}}).has_value());
  Migration changed = kFirst;
  SUBCASE("in SQLite's text") { changed.sqlite = "CREATE TABLE one (id BIGINT);"; }
  SUBCASE("in PostgreSQL's text") { changed.postgres = "CREATE TABLE one (id INT)"; }
  const auto refused = apply(*database, {{changed, kSecond}});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == "migrate.changed");
  CHECK(refused.error().message.find("a/0001") != std::string::npos);
  CHECK(pending(*database, {{changed}}).error().code == "migrate.changed");
  CHECK(number(*database, "SELECT count(*) FROM schema_migrations") == 1);
}

TEST_CASE("Migrations: a database that is newer than the program is left alone") {
  const Scratch scratch;
  const auto database = open(scratch / "a.db");
  REQUIRE(apply(*database, {{kFirst, kSecond}}).has_value());
  const auto refused = apply(*database, {{kFirst}, {kOther}});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == "migrate.unknown");
  CHECK(refused.error().message.find("a/0002") != std::string::npos);
  CHECK(number(*database, "SELECT count(*) FROM sqlite_master WHERE name = 'two'") == 0);
}

TEST_CASE("Migrations: one that fails leaves the database as it was") {
  const Scratch scratch;
  const auto database = open(scratch / "a.db");
  const Migration broken{"a/0002", "CREATE TABLE three (id BIGINT); INSERT INTO nowhere VALUES (1)",
                         ""};
  const auto failed = apply(*database, {{kFirst, broken}});
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().message.find("migration a/0002: no such table: nowhere") !=
        std::string::npos);
  CHECK(number(*database, "SELECT count(*) FROM sqlite_master") == 0);
  CHECK(apply(*database, {{kFirst, kSecond}}).has_value());
}

TEST_CASE("Migrations: an id that two rooms claim is a bug that is told") {
  const Scratch scratch;
  const auto database = open(scratch / "a.db");
  CHECK(apply(*database, {{kFirst}, {kFirst}}).error().code == "migrate.duplicate");
}

TEST_CASE("Migrations: several processes that start at once apply each once") {
  const Scratch scratch;
  std::atomic<std::size_t> applied = 0;
  std::atomic<int> failures = 0;
  {
    std::vector<std::jthread> starters;
    for (int i = 0; i < 6; ++i) {
      starters.emplace_back([&] {
        // A connection set of its own, as a process would have.
        auto database = open_sqlite({.file = scratch / "a.db", .readers = 1});
        const auto report = database ? apply(**database, {{kFirst, kSecond}, {kOther}})
                                     : std::unexpected(database.error());
        if (report) {
          applied += report->applied.size();
        } else {
          ++failures;
          MESSAGE(report.error().describe());
        }
      });
    }
  }
  CHECK(failures == 0);
  CHECK(applied == 3);
  CHECK(number(*open(scratch / "a.db"), "SELECT count(*) FROM one") == 1);
}

TEST_CASE("Migrations: those of this room apply") {
  const Scratch scratch;
  const auto database = open(scratch / "a.db");
  const std::array<std::span<const Migration>, 1> rooms{kDataMigrations};
  const auto report = migrate(*database, rooms);
  REQUIRE_MESSAGE(report.has_value(), report.error().describe());
  CHECK(report->applied.size() == kDataMigrations.size());
}
