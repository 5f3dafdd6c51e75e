#include "data/migrations.hpp"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <thread>

#include "data/api_keys.hpp"
#include "support/test_database.hpp"

using namespace selvage;
using namespace selvage::data;
using testing::TestDatabase;

namespace {

constexpr std::string_view kCreateOne =
    "CREATE TABLE one (id BIGINT);\nINSERT INTO one VALUES (1);\n";
constexpr std::string_view kAddName = "ALTER TABLE one ADD COLUMN name TEXT";
constexpr std::string_view kCreateTwo = "CREATE TABLE two (id BIGINT); -- the end";
constexpr Migration kFirst{"a/0001", kCreateOne, kCreateOne};
constexpr Migration kSecond{"a/0002", kAddName, kAddName};
constexpr Migration kOther{"b/0001", kCreateTwo, kCreateTwo};

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

std::int64_t number(Database& database, std::string_view query) {
  const auto row = database.read_blocking([&](Transaction& tx) { return tx.query_one(query); });
  REQUIRE_MESSAGE(row.has_value(), row.error().describe());
  return (*row)->integer(0);
}

bool exists(Database& database, std::string_view table) {
  const auto row = database.read_blocking([&](Transaction& tx) {
    return tx.query_one(tx.dialect() == Dialect::sqlite
                            ? "SELECT 1 FROM sqlite_master WHERE name = $1"
                            : "SELECT 1 FROM pg_tables WHERE tablename = $1",
                        {std::string(table)});
  });
  REQUIRE_MESSAGE(row.has_value(), row.error().describe());
  return row->has_value();
}

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("Migrations: each runs once, in order, and pending tells what is left") {
  const TestDatabase place;
  const auto database = place.must_open();
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
  const TestDatabase place;
  const auto database = place.must_open();
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
  const TestDatabase place;
  const auto database = place.must_open();
  REQUIRE(apply(*database, {{kFirst, kSecond}}).has_value());
  const auto refused = apply(*database, {{kFirst}, {kOther}});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == "migrate.unknown");
  CHECK(refused.error().message.find("a/0002") != std::string::npos);
  CHECK_FALSE(exists(*database, "two"));
}

TEST_CASE("Migrations: one that fails leaves no trace, and those before it stay") {
  const TestDatabase place;
  const auto database = place.must_open();
  constexpr std::string_view kBroken =
      "CREATE TABLE three (id BIGINT); INSERT INTO nowhere VALUES (1)";
  const Migration broken{"a/0002", kBroken, kBroken};
  const auto failed = apply(*database, {{kFirst, broken}, {kOther}});
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().message.find("migration a/0002: ") != std::string::npos);
  CHECK(failed.error().message.find("nowhere") != std::string::npos);
  CHECK(exists(*database, "one"));
  CHECK_FALSE(exists(*database, "three"));
  CHECK_FALSE(exists(*database, "two"));
  CHECK(pending(*database, {{kFirst, kSecond}}) == Ids{"a/0002"});
  CHECK(apply(*database, {{kFirst, kSecond}}).has_value());
}

TEST_CASE("Migrations: an id that two rooms claim is a bug that is told") {
  const TestDatabase place;
  const auto database = place.must_open();
  CHECK(apply(*database, {{kFirst}, {kFirst}}).error().code == "migrate.duplicate");
}

TEST_CASE("Migrations: several processes that start at once apply each once") {
  const TestDatabase place;
  std::atomic<std::size_t> applied = 0;
  std::atomic<int> failures = 0;
  {
    std::vector<std::jthread> starters;
    for (int i = 0; i < 6; ++i) {
      starters.emplace_back([&] {
        // A connection set of its own, as a process would have.
        auto database = place.open();
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
  CHECK(number(*place.must_open(), "SELECT count(*) FROM one") == 1);
}

TEST_CASE("Migrations: those of this room apply") {
  const TestDatabase place;
  const auto database = place.must_open();
  const std::array<std::span<const Migration>, 1> rooms{kDataMigrations};
  const auto report = migrate(*database, rooms);
  REQUIRE_MESSAGE(report.has_value(), report.error().describe());
  CHECK(report->applied.size() == kDataMigrations.size());
}
