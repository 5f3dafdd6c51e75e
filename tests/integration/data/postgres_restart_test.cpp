// What becomes of transactions when the server, or the way to it, goes away.
#include <random>

#include "integration/data/postgres_fixture.hpp"
#include "support/cutting_proxy.hpp"

using namespace selvage;
using namespace selvage::data;
using testing::CuttingProxy;
using AtCommit = CuttingProxy::AtCommit;

namespace {

PostgresOptions through(const CuttingProxy& proxy) {
  return {.url = "postgres://postgres@127.0.0.1:" + std::to_string(proxy.port()) + "/postgres",
          .connections = 2};
}

}  // namespace

TEST_CASE("PostgreSQL: a commit whose answer was lost is reported as what it became, once") {
  if (!RunningPostgres::available()) return;
  RunningPostgres server;
  CuttingProxy proxy(server.port());
  const auto database = must_open(through(proxy));
  create_table(*database);
  int runs = 0;
  const auto counted = [&] {
    return database->write_blocking([&](Transaction& tx) {
      ++runs;
      return tx.execute("INSERT INTO entry (id) VALUES (7)");
    });
  };
  SUBCASE("the server had committed: nothing runs again") {
    proxy.at_next_commit(AtCommit::lose_answer);
    const auto done = counted();
    CHECK_MESSAGE(done.has_value(), done.error().describe());
    CHECK(runs == 1);
  }
  SUBCASE("the server had not: the body runs again") {
    proxy.at_next_commit(AtCommit::lose_request);
    const auto done = counted();
    CHECK_MESSAGE(done.has_value(), done.error().describe());
    CHECK(runs == 2);
  }
  CHECK(times_there(*database, 7) == 1);
}

TEST_CASE("PostgreSQL: a commit that is answered by silence is decided after the deadline") {
  if (!RunningPostgres::available()) return;
  RunningPostgres server;
  CuttingProxy proxy(server.port());
  PostgresOptions options = through(proxy);
  options.statement_time = options.lock_time = options.grace = milliseconds(300);
  const auto database = must_open(options);
  create_table(*database);
  proxy.at_next_commit(AtCommit::swallow);
  const auto done = insert(*database, 7);
  CHECK_MESSAGE(done.has_value(), done.error().describe());
  CHECK(times_there(*database, 7) == 1);
}

TEST_CASE("PostgreSQL: a commit that nobody can tell about is neither success nor failure") {
  if (!RunningPostgres::available()) return;
  RunningPostgres server;
  CuttingProxy proxy(server.port());
  PostgresOptions options = through(proxy);
  options.decision_time = milliseconds(500);
  const auto database = must_open(options);
  create_table(*database);
  proxy.at_next_commit(AtCommit::lose_answer);
  int runs = 0;
  const auto done = database->write_blocking([&](Transaction& tx) {
    ++runs;
    proxy.refuse(true);
    return tx.execute("INSERT INTO entry (id) VALUES (7)");
  });
  REQUIRE_FALSE(done.has_value());
  CHECK_MESSAGE(done.error().code == "db.commit_unknown", done.error().describe());
  CHECK(done.error().kind == ErrorKind::unavailable);
  CHECK(runs == 1);
  proxy.refuse(false);
  CHECK(eventually([&] { return insert(*database, 8).has_value(); }));
  CHECK(times_there(*database, 7) == 1);
}

TEST_CASE("PostgreSQL: a commit in doubt is not mistaken for another's after a crash") {
  if (!RunningPostgres::available()) return;
  RunningPostgres server({.durable = true});
  const auto database = must_open({.url = server.url(), .patience = seconds(60)});
  create_table(*database);
  REQUIRE(insert(*database, 1).has_value());
  int runs = 0;
  std::string xid;
  std::string verdict;
  const auto done = database->write_blocking([&](Transaction& tx) -> Result<std::int64_t> {
    ++runs;
    const auto changed = TRY(tx.execute("INSERT INTO entry (id) VALUES (7)"));
    if (runs > 1) return changed;
    xid = TRY(tx.query_one("SELECT pg_current_xact_id()::text"))->text(0);
    // The server crashes before the COMMIT is sent. Its number had reached no disk, so the next
    // transactions get it again.
    server.restart(RunningPostgres::Stop::kill);
    for (int i = 0; i < 20; ++i) server.query("INSERT INTO entry (id) VALUES (1000)");
    verdict = server.query("SELECT pg_xact_status('" + xid + "')");
    return changed;
  });
  REQUIRE_MESSAGE(done.has_value(), done.error().describe());
  CHECK(verdict == "committed");  // and is not ours: why commit_marks exists
  CHECK(runs == 2);
  CHECK(times_there(*database, 7) == 1);
}

TEST_CASE("PostgreSQL: a commit that is still on its way when it is asked for never happens") {
  if (!RunningPostgres::available()) return;
  RunningPostgres server;
  CuttingProxy proxy(server.port());
  PostgresOptions options = through(proxy);
  options.statement_time = options.lock_time = options.grace = milliseconds(300);
  const auto database = must_open(options);
  create_table(*database);
  REQUIRE(insert(*database, 1).has_value());
  proxy.at_next_commit(AtCommit::delay_request);
  int runs = 0;
  const auto done = database->write_blocking([&](Transaction& tx) {
    ++runs;
    return tx.execute("INSERT INTO entry (id) VALUES (7)");
  });
  CHECK_MESSAGE(done.has_value(), done.error().describe());
  CHECK(runs == 2);
  proxy.deliver();  // the server gets the first COMMIT now, and must not obey
  CHECK(eventually([&] { return proxy.delivered() == 1; }));
  CHECK(times_there(*database, 7) == 1);
}

TEST_CASE("PostgreSQL: a commit in doubt is decided by the standby that took over") {
  if (!RunningPostgres::available()) return;
  RunningPostgres server;
  const auto database = must_open({.url = server.url(), .patience = seconds(60)});
  create_table(*database);
  int runs = 0;
  const auto done = database->write_blocking([&](Transaction& tx) -> Result<std::int64_t> {
    const auto changed = TRY(tx.execute("INSERT INTO entry (id) VALUES (7)"));
    if (++runs > 1) return changed;
    server.stop(RunningPostgres::Stop::immediate);
    std::ofstream(server.data() / "standby.signal").close();
    server.start();
    server.query("SELECT pg_promote(wait => false)");
    return changed;
  });
  REQUIRE_MESSAGE(done.has_value(), done.error().describe());
  CHECK(runs == 2);
  CHECK(times_there(*database, 7) == 1);
}

TEST_CASE("PostgreSQL: a transaction that has all its connections terminated runs again") {
  if (!RunningPostgres::available()) return;
  RunningPostgres server;
  const auto database = must_open({.url = server.url()});
  create_table(*database);
  int runs = 0;
  const auto done = database->write_blocking([&](Transaction& tx) -> Result<std::int64_t> {
    TRY(tx.execute("INSERT INTO entry (id) VALUES (1)"));
    if (++runs == 1) {
      server.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
          "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'");
    }
    return tx.execute("INSERT INTO entry (id) VALUES (1)");
  });
  REQUIRE_MESSAGE(done.has_value(), done.error().describe());
  CHECK(runs == 2);
  CHECK(times_there(*database, 1) == 2);
  // Connections that were cut while they were idle cost nobody an error, not even a second run.
  // With a time, the server answers when they are gone.
  server.query(
      "SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity "
      "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'");
  runs = 0;
  const auto after = database->write_blocking([&](Transaction& tx) -> Result<std::int64_t> {
    ++runs;
    return tx.execute("INSERT INTO entry (id) VALUES (2)");
  });
  CHECK(after.has_value());
  CHECK(runs == 1);
}

namespace {

// Threads that insert numbers while the server is restarted again and again; then every number is
// compared with what was told about it.
void insert_over_restarts(RunningPostgres& server, PostgresOptions options, int restarts,
                          std::vector<RunningPostgres::Stop> ways) {
  constexpr int kThreads = 6;
  const auto database = must_open(std::move(options));
  create_table(*database);
  std::atomic<bool> stop = false;
  std::atomic<std::int64_t> next = 1;
  std::mutex mutex;
  std::vector<std::pair<std::int64_t, std::string>> told;  // with the error's code, or empty
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        while (!stop) {
          const std::int64_t id = next++;
          const auto done = insert(*database, id);
          const std::scoped_lock lock(mutex);
          told.emplace_back(id, done ? "" : done.error().code);
        }
      });
    }
    std::mt19937 random(1);
    for (int i = 0; i < restarts; ++i) {
      const std::size_t before = [&] {
        const std::scoped_lock lock(mutex);
        return told.size();
      }();
      CHECK(eventually([&] {
        const std::scoped_lock lock(mutex);
        return told.size() > before + 50 + random() % 100;
      }));
      server.restart(ways[static_cast<std::size_t>(i) % ways.size()]);
    }
    stop = true;
  }
  std::map<std::int64_t, std::int64_t> there;
  const auto rows = database->read_blocking(
      [](Transaction& tx) { return tx.query("SELECT id, count(*) FROM entry GROUP BY id"); });
  REQUIRE(rows.has_value());
  for (const Row& row : *rows) there[row.integer(0)] = row.integer(1);
  std::size_t failed = 0;
  for (const auto& [id, code] : told) {
    CAPTURE(id);
    CAPTURE(code);
    if (!code.empty()) ++failed;
    if (code == "db.commit_unknown") {
      CHECK(there[id] <= 1);
    } else {
      CHECK(there[id] == (code.empty() ? 1 : 0));
    }
  }
  MESSAGE(told.size() << " transactions over " << restarts << " restarts, " << failed << " failed");
  CHECK(failed == 0);  // the server was never away for longer than the patience
}

}  // namespace

TEST_CASE("PostgreSQL: a server that restarts under load loses nothing and runs nothing twice") {
  if (!RunningPostgres::available()) return;
  using Stop = RunningPostgres::Stop;
  RunningPostgres server({.durable = true});
  insert_over_restarts(server, {.url = server.url(), .patience = seconds(60)}, 9,
                       {Stop::fast, Stop::immediate, Stop::kill});
}

TEST_CASE("PostgreSQL: a server that is away is waited for, and then it is said") {
  if (!RunningPostgres::available()) return;
  RunningPostgres server;
  SUBCASE("it comes back in time") {
    const auto database = must_open({.url = server.url(), .patience = seconds(60)});
    create_table(*database);
    server.stop(RunningPostgres::Stop::fast);
    std::jthread meanwhile([&] {
      const auto done = insert(*database, 1);
      CHECK_MESSAGE(done.has_value(), done.error().describe());
    });
    std::this_thread::sleep_for(milliseconds(300));
    server.start();
  }
  SUBCASE("it does not") {
    const auto database = must_open({.url = server.url(), .patience = milliseconds(200)});
    create_table(*database);
    server.stop(RunningPostgres::Stop::fast);
    for (int i = 0; i < 3; ++i) {
      const auto done = insert(*database, 1);
      REQUIRE_FALSE(done.has_value());
      CHECK_MESSAGE(done.error().code == "db.unavailable", done.error().describe());
      CHECK(done.error().message.find("refused") != std::string::npos);
    }
    server.start();
    CHECK(eventually([&] { return insert(*database, 1).has_value(); }));
    CHECK(times_there(*database, 1) == 1);
  }
}

TEST_CASE("PostgreSQL: a frozen server holds a thread no longer than its deadline") {
  if (!RunningPostgres::available()) return;
  RunningPostgres server;
  PostgresOptions options{.url = server.url(), .connections = 2};
  options.statement_time = options.lock_time = options.grace = milliseconds(300);
  options.patience = options.connect_time = milliseconds(600);
  options.decision_time = milliseconds(600);
  const auto database = must_open(options);
  create_table(*database);
  server.freeze();
  for (int i = 0; i < 4; ++i) {
    const auto done = insert(*database, 100 + i);
    REQUIRE_FALSE(done.has_value());
    CHECK_MESSAGE(done.error().code == "db.unavailable", done.error().describe());
  }
  server.thaw();
  CHECK(eventually([&] { return insert(*database, 1).has_value(); }));
  for (int i = 0; i < 4; ++i) CHECK(times_there(*database, 100 + i) == 0);
}
