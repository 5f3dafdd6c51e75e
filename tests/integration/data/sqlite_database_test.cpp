#include "data/sqlite_database.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <thread>

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

// Keeps the writer busy, so that what is written meanwhile waits and then forms one group.
class HeldWriter {
 public:
  explicit HeldWriter(Database& database)
      : thread_([this, &database] {
          const auto held = database.write_blocking([this](Transaction&) -> Result<void> {
            running_.set_value();
            released_.get_future().wait();
            return {};
          });
          CHECK(held.has_value());
        }) {
    running_.get_future().wait();
  }
  void release() { released_.set_value(); }

 private:
  std::promise<void> running_;
  std::promise<void> released_;
  std::jthread thread_;
};

// Inserts one row; when `fails`, the body refuses after its insert.
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

TEST_CASE("SQLite: a reader sees one snapshot, whatever is committed meanwhile") {
  const Scratch scratch;
  const auto database = open(scratch / "a.db");
  create_table(*database);
  const auto counts = database->read_blocking([&](Transaction& tx) -> Result<std::string> {
    const auto before = TRY(tx.query("SELECT count(*) FROM item")).front().integer(0);
    const auto wrote =
        database->write_blocking([](Transaction& other) { return insert(other, 1); });
    CHECK(wrote.has_value());
    const auto after = TRY(tx.query("SELECT count(*) FROM item")).front().integer(0);
    return std::to_string(before) + " " + std::to_string(after);
  });
  REQUIRE(counts.has_value());
  CHECK(*counts == "0 0");
  CHECK(count(*database) == 1);
}

TEST_CASE("SQLite: what a body must not do is an error of that body and of nobody else") {
  const Scratch scratch;
  const auto database = open(scratch / "a.db");
  create_table(*database);
  struct Case {
    const char* sql;
    Params params;
    const char* code;
    const char* says;
  };
  const Case cases[] = {
      {"COMMIT", {}, "db.sql", "transaction control"},
      {"/* */ rollback", {}, "db.sql", "transaction control"},
      {"PRAGMA synchronous = OFF", {}, "db.sql", "transaction control"},
      {"ATTACH '/tmp/x' AS y", {}, "db.sql", "transaction control"},
      {"SELECT 1; SELECT 2", {}, "db.sql", "more than one statement"},
      {"", {}, "db.sql", "no statement"},
      {"SELEC 1", {}, "db.sql", "syntax error"},
      {"SELECT * FROM nowhere", {}, "db.sql", "no such table"},
      {"SELECT $1", {}, "db.sql", "1 parameters are needed, 0 were given"},
      {"SELECT $2", {std::int64_t{1}}, "db.sql", "2 parameters are needed, 1 were given"},
      {"SELECT ?", {std::int64_t{1}}, "db.sql", "$1, $2"},
      {"SELECT :name", {std::int64_t{1}}, "db.sql", "$1, $2"},
      {"INSERT INTO item (id, name) VALUES (1, 'taken')", {}, "db.constraint", "item.id"},
  };
  REQUIRE(database->write_blocking([](Transaction& tx) { return insert(tx, 1); }).has_value());
  for (const Case& c : cases) {
    CAPTURE(c.sql);
    const auto done = database->write_blocking([&](Transaction& tx) -> Result<std::int64_t> {
      TRY(insert(tx, 2));
      return tx.execute(c.sql, c.params);
    });
    REQUIRE_FALSE(done.has_value());
    CHECK(done.error().code == c.code);
    CHECK(done.error().message.find(c.says) != std::string::npos);
    CHECK(count(*database) == 1);
  }
}

TEST_CASE("SQLite: a part that fails leaves no trace, and what stands around it commits") {
  const Scratch scratch;
  const auto database = open(scratch / "parts.db");
  create_table(*database);
  const auto done = database->write_blocking([](Transaction& tx) -> Result<std::int64_t> {
    const auto refused = tx.attempt([&]() -> Result<std::int64_t> {  // nothing was changed before
      TRY(insert(tx, 1));
      return fail(ErrorKind::conflict, "test.refused", "refused on purpose");
    });
    CHECK(refused.error().code == "test.refused");
    TRY(insert(tx, 2));
    const auto taken = tx.attempt([&]() -> Result<std::int64_t> {
      TRY(insert(tx, 3));
      return insert(tx, 2);  // a constraint
    });
    CHECK(taken.error().code == "db.constraint");
    const auto kept = tx.attempt([&] { return insert(tx, 4); });
    CHECK(kept == 1);
    return insert(tx, 5);
  });
  REQUIRE_MESSAGE(done.has_value(), done.error().describe());
  const auto rows = database->read_blocking(
      [](Transaction& tx) { return tx.query("SELECT id FROM item ORDER BY id"); });
  std::vector<std::int64_t> ids;
  for (const Row& row : *rows) ids.push_back(row.integer(0));
  CHECK(ids == std::vector<std::int64_t>{2, 4, 5});

  const auto abandoned = database->write_blocking([](Transaction& tx) -> Result<std::int64_t> {
    TRY(tx.attempt([&] { return insert(tx, 6); }));
    return fail(ErrorKind::conflict, "test.refused", "the whole body is refused");
  });
  CHECK_FALSE(abandoned.has_value());
  CHECK(count(*database) == 3);
}

TEST_CASE("SQLite: an exception out of a body rolls it back and reaches the caller as an error") {
  const Scratch scratch;
  const auto database = open(scratch / "a.db");
  create_table(*database);
  const auto threw = database->write_blocking([](Transaction& tx) -> Result<void> {
    TRY(insert(tx, 1));
    throw std::runtime_error("a bug");
  });
  REQUIRE_FALSE(threw.has_value());
  CHECK(threw.error().code == "db.body_threw");
  CHECK(threw.error().message.find("a bug") != std::string::npos);
  const auto read_threw = database->read_blocking([](Transaction&) -> Result<void> { throw 7; });
  CHECK(read_threw.error().code == "db.body_threw");
  CHECK(count(*database) == 0);
  CHECK(database->write_blocking([](Transaction& tx) { return insert(tx, 1); }).has_value());
}

TEST_CASE("SQLite: a read body that changes something is refused") {
  const Scratch scratch;
  const auto database = open(scratch / "a.db");
  create_table(*database);
  const auto changed = database->read_blocking([](Transaction& tx) { return insert(tx, 1); });
  REQUIRE_FALSE(changed.has_value());
  CHECK(changed.error().code == "db.sql");
  CHECK(changed.error().message.find("read transaction") != std::string::npos);
}

TEST_CASE("SQLite: execute tells the rows it changed, query gives those of RETURNING") {
  const Scratch scratch;
  const auto database = open(scratch / "a.db");
  create_table(*database);
  const auto changed = database->write_blocking([](Transaction& tx) -> Result<std::string> {
    std::string counts;
    for (std::int64_t id = 1; id <= 3; ++id) counts += std::to_string(TRY(insert(tx, id)));
    counts += std::to_string(
        TRY(tx.execute("UPDATE item SET size = 1 WHERE id > $1", {std::int64_t{1}})));
    counts += std::to_string(TRY(tx.execute("UPDATE item SET size = 1 WHERE id > 9")));
    counts += std::to_string(TRY(tx.execute("SELECT 1")));
    const Rows rows = TRY(tx.query("UPDATE item SET size = 2 WHERE id <= 2 RETURNING id"));
    counts += std::to_string(rows.size());
    counts += std::to_string(TRY(tx.execute("DELETE FROM item")));
    return counts;
  });
  REQUIRE_MESSAGE(changed.has_value(), changed.error().describe());
  CHECK(*changed == "11120023");
}

TEST_CASE(
    "SQLite: a body in a group sees what the bodies before it in the group did, and no refused "
    "one") {
  const Scratch scratch;
  const auto database = open(scratch / "a.db");
  create_table(*database);
  HeldWriter writer(*database);
  std::vector<std::jthread> threads;
  std::atomic<int> succeeded = 0;
  for (std::int64_t i = 0; i < 20; ++i) {
    threads.emplace_back([&, i] {
      const auto done = database->write_blocking([&](Transaction& tx) -> Result<void> {
        const auto rows = TRY(tx.query("SELECT count(*) FROM item WHERE id < 0"));
        if (rows.front().integer(0) != 0) return fail(ErrorKind::internal, "test.leak", "leaked");
        TRY(insert(tx, i % 2 == 0 ? i : -i));
        if (i % 2 != 0) return fail(ErrorKind::conflict, "test.refused", "refused");
        return {};
      });
      if (done) ++succeeded;
      if (!done) CHECK(done.error().code == "test.refused");
    });
  }
  std::this_thread::sleep_for(milliseconds(100));
  writer.release();
  threads.clear();
  CHECK(succeeded == 10);
  CHECK(count(*database) == 10);
}

TEST_CASE("SQLite: a constraint that only the commit checks costs its own body alone") {
  const Scratch scratch;
  const auto database = open(scratch / "a.db");
  create_table(*database);
  REQUIRE(database
              ->write_blocking([](Transaction& tx) {
                return tx.execute(
                    "CREATE TABLE child (parent BIGINT REFERENCES item (id) "
                    "DEFERRABLE INITIALLY DEFERRED)");
              })
              .has_value());
  HeldWriter writer(*database);
  std::atomic<int> succeeded = 0;
  std::vector<std::jthread> threads;
  for (std::int64_t i = 0; i < 10; ++i) {
    threads.emplace_back([&, i] {
      const auto done = database->write_blocking([&](Transaction& tx) -> Result<std::int64_t> {
        if (i == 5) return tx.execute("INSERT INTO child VALUES (999)");
        return insert(tx, i);
      });
      CHECK(done.has_value() == (i != 5));
      if (done) ++succeeded;
      if (!done) CHECK(done.error().code == "db.constraint");
    });
  }
  std::this_thread::sleep_for(milliseconds(100));
  writer.release();
  threads.clear();
  CHECK(succeeded == 9);
  CHECK(count(*database) == 9);
}

TEST_CASE("SQLite: more than the queue takes is refused at once, the queued rest is done") {
  const Scratch scratch;
  auto opened = open_sqlite({.file = scratch / "a.db", .max_queued = 8});
  REQUIRE(opened.has_value());
  create_table(**opened);
  HeldWriter writer(**opened);
  std::vector<std::jthread> threads;
  std::atomic<int> done_count = 0;
  std::atomic<int> busy_count = 0;
  for (std::int64_t i = 0; i < 30; ++i) {
    threads.emplace_back([&, i] {
      const auto done = (*opened)->write_blocking([&](Transaction& tx) { return insert(tx, i); });
      if (done) ++done_count;
      if (!done && done.error().code == "db.busy") ++busy_count;
    });
  }
  while (busy_count < 22) std::this_thread::sleep_for(milliseconds(1));
  writer.release();
  threads.clear();
  CHECK(done_count == 8);
  CHECK(busy_count == 22);
}

TEST_CASE("SQLite: closing finishes what is queued and leaves one file") {
  const Scratch scratch;
  {
    const auto database = open(scratch / "a.db");
    create_table(*database);
    for (std::int64_t i = 0; i < 50; ++i) {
      REQUIRE(database->write_blocking([&](Transaction& tx) { return insert(tx, i); }).has_value());
    }
  }
  CHECK(std::filesystem::exists(scratch / "a.db"));
  CHECK_FALSE(std::filesystem::exists(scratch / "a.db-wal"));
  const auto mode = std::filesystem::status(scratch / "a.db").permissions();
  CHECK(mode == (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  CHECK(count(*open(scratch / "a.db")) == 50);
}

TEST_CASE("SQLite: ping answers") {
  const Scratch scratch;
  const auto database = open(scratch / "a.db");
  net::Loop loop;
  CHECK(loop.run_until_done(database->ping()).has_value());
}
