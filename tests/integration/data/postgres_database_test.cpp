#include "data/postgres_database.hpp"

#include <future>

#include "base/task_group.hpp"
#include "integration/data/postgres_fixture.hpp"
#include "net/loop.hpp"

using namespace selvage;
using namespace selvage::data;

namespace {

Task<void> insert_one(Database& database, std::int64_t id, bool fails, int& succeeded) {
  const Result<std::int64_t> done =
      co_await database.write([id, fails](Transaction& tx) -> Result<std::int64_t> {
        const std::int64_t changed = TRY(tx.execute("INSERT INTO entry (id) VALUES ($1)", {id}));
        if (fails) return fail(ErrorKind::conflict, "test.refused", "refused on purpose");
        return changed;
      });
  CHECK(done.has_value() == !fails);
  if (done) ++succeeded;
}

Task<void> insert_many(Database& database, int total, int failing_every, int& succeeded) {
  TaskGroup group;
  for (int i = 0; i < total; ++i) {
    group.spawn(insert_one(database, i, i % failing_every == 0, succeeded), "insert");
  }
  co_await group.join();
}

}  // namespace

TEST_CASE("PostgreSQL: values of every type come back as they went in") {
  if (!RunningPostgres::available()) return;
  RunningPostgres server;
  const auto database = must_open({.url = server.url()});
  REQUIRE(database
              ->write_blocking([](Transaction& tx) {
                return tx.execute(
                    "CREATE TABLE item (id BIGINT, name TEXT, size DOUBLE PRECISION)");
              })
              .has_value());
  const std::string text = "'\"\\ $1 \u00e4\u4e2d\U0001F600\n";
  const auto wrote = database->write_blocking([&](Transaction& tx) {
    return tx.execute("INSERT INTO item (size, name, id) VALUES ($3, $1, $2)",
                      {text, std::int64_t{-9'000'000'000'000'000'000}, 0.1});
  });
  REQUIRE_MESSAGE(wrote.has_value(), wrote.error().describe());
  CHECK(*wrote == 1);
  const auto row = database->read_blocking([](Transaction& tx) {
    return tx.query_one(
        "SELECT id, name, size, NULL, $1, true, id = $2, CAST(7 AS SMALLINT), SUM(id) OVER (),"
        " CAST(2.5 AS NUMERIC), $3 FROM item WHERE id = $2",
        {std::string("x"), std::int64_t{-9'000'000'000'000'000'000}, std::monostate()});
  });
  REQUIRE_MESSAGE(row.has_value(), row.error().describe());
  const Row& found = row->value();
  CHECK(found.integer(0) == -9'000'000'000'000'000'000);
  CHECK(found.text(1) == text);
  CHECK(found.real(2) == 0.1);
  CHECK(found.is_null(3));
  CHECK(found.text(4) == "x");
  CHECK(found.integer(5) == 1);
  CHECK(found.integer(6) == 1);
  CHECK(found.integer(7) == 7);
  CHECK(found.integer(8) == -9'000'000'000'000'000'000);
  CHECK(found.real(9) == 2.5);
  CHECK(found.is_null(10));
}

TEST_CASE("PostgreSQL: a thousand concurrent writes from one loop commit or leave no trace") {
  if (!RunningPostgres::available()) return;
  RunningPostgres server;
  const auto database = must_open({.url = server.url()});
  create_table(*database);
  int succeeded = 0;
  {
    net::Loop loop;
    loop.run_until_done(insert_many(*database, 1000, 7, succeeded));
  }
  CHECK(succeeded == 1000 - 143);
  CHECK(number(*database, "SELECT count(*) FROM entry") == succeeded);
  CHECK(server.query("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%'") == "0");
}

TEST_CASE("PostgreSQL: a reader sees one snapshot, whatever is committed meanwhile") {
  if (!RunningPostgres::available()) return;
  RunningPostgres server;
  const auto database = must_open({.url = server.url()});
  create_table(*database);
  const auto counts = database->read_blocking([&](Transaction& tx) -> Result<std::string> {
    const auto before = TRY(tx.query("SELECT count(*) FROM entry")).front().integer(0);
    CHECK(insert(*database, 1).has_value());
    const auto after = TRY(tx.query("SELECT count(*) FROM entry")).front().integer(0);
    return std::to_string(before) + " " + std::to_string(after);
  });
  REQUIRE(counts.has_value());
  CHECK(*counts == "0 0");
  CHECK(number(*database, "SELECT count(*) FROM entry") == 1);
}

TEST_CASE("PostgreSQL: what a body must not do is an error of that body and of nobody else") {
  if (!RunningPostgres::available()) return;
  RunningPostgres server;
  const auto database = must_open({.url = server.url(), .connections = 1});
  create_table(*database);
  REQUIRE(database
              ->write_blocking([](Transaction& tx) {
                return tx.execute("CREATE TABLE one (id BIGINT PRIMARY KEY CHECK (id > 0))");
              })
              .has_value());
  struct Case {
    std::string sql;
    Params params;
    const char* code;
    const char* says;
  };
  const Case cases[] = {
      {"COMMIT", {}, "db.sql", "transaction control"},
      {"/* */ rollback", {}, "db.sql", "transaction control"},
      {"START TRANSACTION", {}, "db.sql", "transaction control"},
      {"SET statement_timeout = 0", {}, "db.sql", "settings"},
      {"LISTEN x", {}, "db.sql", "transaction control"},
      {"SELECT 1; SELECT 2", {}, "db.sql", "multiple commands"},
      {"", {}, "db.sql", "no statement"},
      {"SELEC 1", {}, "db.sql", "syntax error"},
      {"SELECT * FROM nowhere", {}, "db.sql", "does not exist (42P01)"},
      {"SELECT $1::text", {}, "db.sql", "supplies 0 parameters"},
      {"COPY entry TO STDOUT", {}, "db.sql", "COPY"},
      {"SELECT CAST($1 AS BIGINT)", {std::string("hunter2")}, "db.sql", "does not fit (22P02)"},
      {"SELECT $1::text", {std::string("a\0b", 3)}, "db.text", "parameter $1 holds U+0000"},
      {"SELECT $1::text", {std::string("\xff")}, "db.text", "broken UTF-8"},
      {"INSERT INTO one VALUES (-1)", {}, "db.constraint", "check constraint"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.sql);
    const auto done = database->write_blocking([&](Transaction& tx) -> Result<std::int64_t> {
      TRY(tx.execute("INSERT INTO entry (id) VALUES (2)"));
      return tx.execute(c.sql, c.params);
    });
    REQUIRE_FALSE(done.has_value());
    CHECK_MESSAGE(done.error().code == c.code, done.error().describe());
    CHECK_MESSAGE(done.error().message.find(c.says) != std::string::npos, done.error().describe());
    CHECK(done.error().message.find("hunter2") == std::string::npos);
    CHECK(number(*database, "SELECT count(*) FROM entry") == 0);
  }
}

TEST_CASE("PostgreSQL: a body that hides a failed statement has not succeeded") {
  if (!RunningPostgres::available()) return;
  RunningPostgres server;
  const auto database = must_open({.url = server.url()});
  create_table(*database);
  const auto done = database->write_blocking([](Transaction& tx) -> Result<int> {
    TRY(tx.execute("INSERT INTO entry (id) VALUES (1)"));
    (void)tx.execute("SELECT * FROM nowhere");
    const auto after = tx.execute("INSERT INTO entry (id) VALUES (2)");
    CHECK(after.error().message.find("nowhere") != std::string::npos);
    return 7;
  });
  REQUIRE_FALSE(done.has_value());
  CHECK(done.error().code == "db.sql");
  CHECK(number(*database, "SELECT count(*) FROM entry") == 0);
}

TEST_CASE("PostgreSQL: a part of a transaction fails alone, by itself or by its statement") {
  if (!RunningPostgres::available()) return;
  RunningPostgres server;
  const auto database = must_open({.url = server.url(), .connections = 1});
  create_table(*database);
  const auto add = [](Transaction& tx, std::int64_t id) {
    return tx.execute("INSERT INTO entry (id) VALUES ($1)", {id});
  };
  const auto done = database->write_blocking([&](Transaction& tx) -> Result<int> {
    // The very first statement may be in a part, and fail.
    CHECK(tx.attempt([&] { return tx.execute("INSERT INTO nowhere VALUES (1)"); }).error().code ==
          "db.sql");
    CHECK(tx.attempt([&] { return add(tx, 1); }).has_value());
    const auto refused = tx.attempt([&]() -> Result<std::int64_t> {
      TRY(add(tx, 2));
      return fail(ErrorKind::conflict, "test.refused", "on purpose");
    });
    CHECK(refused.error().code == "test.refused");
    const auto broken = tx.attempt([&]() -> Result<std::int64_t> {
      TRY(add(tx, 3));
      return tx.execute("SELECT 1 / (SELECT 0)");
    });
    CHECK(broken.error().code == "db.sql");
    CHECK(tx.attempt([]() -> Result<int> { return 1; }).has_value());  // nothing was sent
    TRY(add(tx, 4));
    // The last thing before the commit.
    CHECK_FALSE(tx.attempt([&]() -> Result<std::int64_t> {
                    TRY(add(tx, 5));
                    return fail(ErrorKind::conflict, "test.refused", "on purpose");
                  }).has_value());
    return 7;
  });
  REQUIRE_MESSAGE(done.has_value(), done.error().describe());
  CHECK(number(*database, "SELECT SUM(id) FROM entry") == 5);
  const auto lost = database->write_blocking([&](Transaction& tx) -> Result<std::int64_t> {
    TRY(add(tx, 6));
    return tx.attempt([&]() -> Result<std::int64_t> {
      return tx.execute("SELECT pg_terminate_backend(pg_backend_pid())");
    });
  });
  CHECK(lost.error().code == "db.unavailable");
  CHECK(number(*database, "SELECT SUM(id) FROM entry") == 5);
}

TEST_CASE("PostgreSQL: a read transaction changes nothing, and a body that throws ends its own") {
  if (!RunningPostgres::available()) return;
  RunningPostgres server;
  const auto database = must_open({.url = server.url(), .connections = 1});
  create_table(*database);
  const auto written = database->read_blocking(
      [](Transaction& tx) { return tx.execute("INSERT INTO entry (id) VALUES (1)"); });
  REQUIRE_FALSE(written.has_value());
  CHECK(written.error().code == "db.sql");
  CHECK(written.error().message.starts_with("a read transaction must change nothing"));
  const auto thrown = database->write_blocking([](Transaction& tx) -> Result<int> {
    TRY(tx.execute("INSERT INTO entry (id) VALUES (1)"));
    throw std::runtime_error("a bug");
  });
  REQUIRE_FALSE(thrown.has_value());
  CHECK(thrown.error().code == "db.body_threw");
  CHECK(number(*database, "SELECT count(*) FROM entry") == 0);
}

TEST_CASE("PostgreSQL: a query without a LIMIT is stopped before it fills the memory") {
  if (!RunningPostgres::available()) return;
  RunningPostgres server;
  const auto database = must_open({.url = server.url(), .connections = 1});
  for (const char* sql : {"SELECT generate_series(1, 1000000)",
                          "SELECT repeat('x', 10000000) FROM generate_series(1, 10)"}) {
    CAPTURE(sql);
    const auto rows = database->read_blocking([&](Transaction& tx) { return tx.query(sql); });
    REQUIRE_FALSE(rows.has_value());
    CHECK(rows.error().message.find("lacks a LIMIT") != std::string::npos);
    CHECK(number(*database, "SELECT 1") == 1);
  }
}

TEST_CASE("PostgreSQL: a deadlock is broken by running one body again") {
  if (!RunningPostgres::available()) return;
  RunningPostgres server({.settings = "deadlock_timeout = 50ms"});
  const auto database = must_open({.url = server.url()});
  create_table(*database);
  REQUIRE(insert(*database, 1).has_value());
  REQUIRE(insert(*database, 2).has_value());
  std::atomic<int> holding = 0;
  std::atomic<int> runs = 0;
  const auto both = [&](std::int64_t first, std::int64_t second) {
    const auto done = database->write_blocking([&](Transaction& tx) -> Result<std::int64_t> {
      ++runs;
      TRY(tx.execute("UPDATE entry SET note = COALESCE(note, '') || 'x' WHERE id = $1", {first}));
      ++holding;
      (void)eventually([&] { return holding >= 2; });
      return tx.execute("UPDATE entry SET note = COALESCE(note, '') || 'x' WHERE id = $1",
                        {second});
    });
    CHECK_MESSAGE(done.has_value(), done.error().describe());
  };
  {
    std::jthread a([&] { both(1, 2); });
    std::jthread b([&] { both(2, 1); });
  }
  CHECK(runs >= 3);
  CHECK(number(*database, "SELECT count(*) FROM entry WHERE note = 'xx'") == 2);
}

TEST_CASE("PostgreSQL: a lock of a name lets one transaction at a time on, and ends with it") {
  if (!RunningPostgres::available()) return;
  RunningPostgres server;
  const auto database = must_open({.url = server.url()});
  create_table(*database);
  REQUIRE(insert(*database, 0).has_value());
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (int k = 0; k < 20; ++k) {
          // Read, then write what was read: without the lock most of it would be lost.
          const auto done = database->write_blocking([&](Transaction& tx) -> Result<std::int64_t> {
            tx.lock("the entry");
            const auto row = TRY(tx.query_one("SELECT id FROM entry"));
            return tx.execute("UPDATE entry SET id = $1", {row->integer(0) + 1});
          });
          CHECK_MESSAGE(done.has_value(), done.error().describe());
        }
      });
    }
  }
  CHECK(number(*database, "SELECT id FROM entry") == 160);
  CHECK(server.query("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == "0");
}

TEST_CASE("PostgreSQL: reads that hang leave a connection for writes, and the other way round") {
  if (!RunningPostgres::available()) return;
  RunningPostgres server;
  const auto database = must_open({.url = server.url(), .connections = 3});
  create_table(*database);
  REQUIRE(insert(*database, 1).has_value());
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  std::atomic<int> holding = 0;
  const auto hold = [&](Transaction& tx) -> Result<int> {
    TRY(tx.query("SELECT 1"));
    ++holding;
    released.wait();
    return 1;
  };
  std::vector<std::jthread> slow;
  SUBCASE("reads") {
    for (int i = 0; i < 20; ++i) {
      slow.emplace_back([&] { CHECK(database->read_blocking(hold).has_value()); });
    }
    CHECK(eventually([&] { return holding == 2; }));
    CHECK(insert(*database, 2).has_value());
  }
  SUBCASE("writes") {
    for (int i = 0; i < 20; ++i) {
      slow.emplace_back([&] { CHECK(database->write_blocking(hold).has_value()); });
    }
    CHECK(eventually([&] { return holding == 2; }));
    CHECK(number(*database, "SELECT count(*) FROM entry") == 1);
  }
  CHECK(holding == 2);
  release.set_value();
}

TEST_CASE("PostgreSQL: more waiting transactions than fit are refused at once") {
  if (!RunningPostgres::available()) return;
  RunningPostgres server;
  const auto database = must_open({.url = server.url(), .connections = 1, .max_queued = 2});
  std::promise<void> release;
  std::atomic<bool> running = false;
  std::atomic<int> done = 0;
  std::vector<std::jthread> threads;
  threads.emplace_back([&] {
    const auto held = database->write_blocking([&](Transaction&) -> Result<int> {
      running = true;
      release.get_future().wait();
      return 1;
    });
    CHECK(held.has_value());
  });
  REQUIRE(eventually([&] { return running.load(); }));
  std::atomic<int> refused = 0;
  for (int i = 0; i < 5; ++i) {
    threads.emplace_back([&] {
      const auto one = database->write_blocking([](Transaction&) -> Result<int> { return 1; });
      if (one) {
        ++done;
      } else {
        CHECK(one.error().code == "db.busy");
        ++refused;
      }
    });
  }
  CHECK(eventually([&] { return refused == 3; }));
  release.set_value();
  threads.clear();
  CHECK(done == 2);
}
