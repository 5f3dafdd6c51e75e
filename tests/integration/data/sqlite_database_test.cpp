#include "data/sqlite_database.hpp"

#include <doctest/doctest.h>

#include <future>

#include "base/task_group.hpp"
#include "integration/data/scratch.hpp"
#include "net/loop.hpp"

using namespace selvage;
using namespace selvage::data;

namespace {

std::unique_ptr<Database> open(const std::filesystem::path& file) {
  auto database = open_sqlite({.file = file});
  REQUIRE_MESSAGE(database.has_value(), database.error().describe());
  return std::move(*database);
}

void create_table(Database& database) {
  const auto made = database.write_blocking([](Transaction& tx) {
    return tx.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT UNIQUE, size REAL)");
  });
  REQUIRE_MESSAGE(made.has_value(), made.error().describe());
}

Result<std::int64_t> insert(Transaction& tx, std::int64_t id) {
  return tx.execute("INSERT INTO item (id, name) VALUES ($1, $2)", {id, std::to_string(id)});
}

std::int64_t count(Database& database) {
  const auto rows =
      database.read_blocking([](Transaction& tx) { return tx.query("SELECT count(*) FROM item"); });
  REQUIRE_MESSAGE(rows.has_value(), rows.error().describe());
  return rows->front().integer(0);
}

// Inserts rows first, first + step, ... below `last`; what answers true fails after its insert.
Task<void> insert_one(Database& database, std::int64_t id, bool fails, int& succeeded,
                      int& failed) {
  const Result<std::int64_t> done =
      co_await database.write([id, fails](Transaction& tx) -> Result<std::int64_t> {
        const std::int64_t changed = TRY(insert(tx, id));
        if (fails) return fail(ErrorKind::conflict, "test.refused", "refused on purpose");
        return changed;
      });
  if (done) {
    ++succeeded;
  } else {
    CHECK(done.error().code == "test.refused");
    ++failed;
  }
}

Task<void> insert_many(Database& database, int total, int failing_every, int& succeeded,
                       int& failed) {
  TaskGroup group;
  for (int i = 0; i < total; ++i) {
    const bool fails = failing_every > 0 && i % failing_every == failing_every - 1;
    group.spawn(insert_one(database, i, fails, succeeded, failed), "insert");
  }
  co_await group.join();
}

}  // namespace

TEST_CASE("SQLite: values of every type come back as they went in") {
  const Scratch scratch;
  const auto database = open(scratch / "a.db");
  create_table(*database);
  const std::string text("a\0b'\"\xff", 6);
  const auto wrote = database->write_blocking([&](Transaction& tx) {
    return tx.execute("INSERT INTO item (size, name, id) VALUES ($3, $1, $2)",
                      {text, std::int64_t{-9'000'000'000}, 2.5});
  });
  REQUIRE(wrote.has_value());
  CHECK(*wrote == 1);
  const auto row = database->read_blocking([](Transaction& tx) {
    return tx.query_one(
        "SELECT id, name, size, NULL FROM item WHERE id = $1 AND size = $2 "
        "AND id = $1",
        {std::int64_t{-9'000'000'000}, 2.5});
  });
  REQUIRE(row.has_value());
  REQUIRE(row->has_value());
  CHECK((*row)->integer(0) == -9'000'000'000);
  CHECK((*row)->text(1) == text);
  CHECK((*row)->real(2) == 2.5);
  CHECK((*row)->is_null(3));
  CHECK((*row)->maybe_text(3) == std::nullopt);
  CHECK_THROWS_AS((void)(*row)->integer(1), std::logic_error);
}

TEST_CASE("SQLite: one failing body among a hundred leaves no trace and disturbs nobody") {
  const Scratch scratch;
  const auto database = open(scratch / "a.db");
  create_table(*database);
  int succeeded = 0;
  int failed = 0;
  {
    net::Loop loop;
    loop.run_until_done(insert_many(*database, 100, 100, succeeded, failed));
  }
  CHECK(succeeded == 99);
  CHECK(failed == 1);
  CHECK(count(*database) == 99);
}

TEST_CASE("SQLite: ten thousand concurrent writes from one loop all commit") {
  const Scratch scratch;
  const auto database = open(scratch / "a.db");
  create_table(*database);
  int succeeded = 0;
  int failed = 0;
  {
    net::Loop loop;
    const auto start = steady_now();
    loop.run_until_done(insert_many(*database, 10'000, 7, succeeded, failed));
    const std::chrono::duration<double> took = steady_now() - start;
    MESSAGE("writes/s: " << 10'000 / took.count());
  }
  CHECK(succeeded == 10'000 - 10'000 / 7);
  CHECK(failed == 10'000 / 7);
  CHECK(count(*database) == succeeded);
}
