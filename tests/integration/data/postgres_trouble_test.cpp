// Each thing that can be wrong with a database has an error that says what to do.
#include "base/log.hpp"
#include "data/settings.hpp"
#include "integration/data/postgres_fixture.hpp"
#include "integration/data/scratch.hpp"
#include "support/running_pgbouncer.hpp"

using namespace selvage;
using namespace selvage::data;
using testing::RunningPgbouncer;

namespace {

Error why_not(const std::string& url) {
  const auto opened =
      open_postgres({.url = url, .patience = milliseconds(300), .connect_time = milliseconds(500)});
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().describe().find("hunter22") == std::string::npos);
  CHECK_FALSE(opened.error().hint.empty());
  return opened.error();
}

void check_error(const Error& error, const char* code, const char* says) {
  CHECK_MESSAGE(error.code == code, error.describe());
  CHECK_MESSAGE(error.message.find(says) != std::string::npos, error.describe());
}

}  // namespace

TEST_CASE("PostgreSQL trouble: what keeps one from connecting is named") {
  if (!RunningPostgres::available()) return;
  RunningPostgres server;
  server.query("CREATE ROLE with_password LOGIN PASSWORD 'right'");
  server.query("CREATE ROLE with_tls LOGIN");
  check_error(why_not(server.url("postgres", "with_password:hunter22")), "db.auth",
              "password authentication failed for user \"with_password\" (28P01)");
  check_error(why_not(server.url("postgres", "with_password")), "db.auth", "no password supplied");
  check_error(why_not(server.url("postgres", "nobody:hunter22")), "db.auth", "\"nobody\"");
  check_error(why_not(server.url("nowhere", "postgres:hunter22")), "db.open",
              "database \"nowhere\" does not exist");
  check_error(why_not(server.url("postgres", "with_tls")), "db.tls", "no encryption");
  check_error(why_not(server.url("postgres", "postgres", "sslmode=require")), "db.tls",
              "server does not support SSL");
  check_error(why_not("postgres://app:hunter22@127.0.0.1:1/x"), "db.unavailable", "refused");
  check_error(why_not("postgres://app:hunter22@nowhere.invalid/x"), "db.unavailable",
              "nowhere.invalid");
  CHECK(open_postgres({.url = server.url("postgres", "with_password:right")}).has_value());
}

TEST_CASE("PostgreSQL trouble: a server that says nothing is given up") {
  if (!RunningPostgres::available()) return;
  RunningPostgres server;
  server.freeze();
  check_error(why_not(server.url("postgres", "postgres:hunter22")), "db.unavailable",
              "no answer within");
  server.thaw();
}

TEST_CASE("PostgreSQL trouble: a full server is waited for, then named") {
  if (!RunningPostgres::available()) return;
  RunningPostgres server({.settings = "max_connections = 5\nsuperuser_reserved_connections = 0"});
  server.query("CREATE ROLE app LOGIN");
  std::vector<PGconn*> taken;
  for (int i = 0; i < 5; ++i) taken.push_back(PQconnectdb(server.url().c_str()));
  const Error error = why_not(server.url("postgres", "app"));
  check_error(error, "db.unavailable", "53300");
  CHECK(error.hint.find("DATABASE_CONNECTIONS") != std::string::npos);
  std::jthread later([&] {
    std::this_thread::sleep_for(milliseconds(300));
    PQfinish(taken.back());
    taken.pop_back();
  });
  CHECK(open_postgres({.url = server.url("postgres", "app"), .patience = seconds(60)}).has_value());
  later.join();
  for (PGconn* connection : taken) PQfinish(connection);
}

TEST_CASE("PostgreSQL trouble: a pooler's refusals are understood") {
  if (!RunningPgbouncer::available()) return;
  RunningPostgres server;
  const RunningPgbouncer bouncer(server, "max_client_conn = 1");
  const auto first = must_open({.url = bouncer.url("postgres")});
  const Error full = why_not(bouncer.url("postgres"));
  check_error(full, "db.unavailable", "no more connections");
  CHECK(full.hint.find("DATABASE_CONNECTIONS") != std::string::npos);
}

TEST_CASE("PostgreSQL trouble: time-outs end what waits for a lock or takes too long") {
  if (!RunningPostgres::available()) return;
  RunningPostgres server;
  const auto database = must_open(
      {.url = server.url(), .statement_time = milliseconds(400), .lock_time = milliseconds(150)});
  create_table(*database);
  REQUIRE(insert(*database, 1).has_value());
  const auto slow =
      database->read_blocking([](Transaction& tx) { return tx.query("SELECT pg_sleep(30)"); });
  REQUIRE_FALSE(slow.has_value());
  check_error(slow.error(), "db.busy", "statement timeout (57014)");
  const auto held = database->write_blocking([&](Transaction& tx) -> Result<int> {
    TRY(tx.execute("UPDATE entry SET note = 'held'"));
    const auto blocked = database->write_blocking(
        [](Transaction& other) { return other.execute("UPDATE entry SET note = 'late'"); });
    REQUIRE_FALSE(blocked.has_value());
    check_error(blocked.error(), "db.busy", "lock timeout (55P03)");
    CHECK(blocked.error().hint.find("DATABASE_LOCK_TIMEOUT") != std::string::npos);
    return 1;
  });
  CHECK_MESSAGE(held.has_value(), held.error().describe());
  // Longer, when a body asks for it.
  const auto patient = database->write_blocking([](Transaction& tx) {
    tx.allow(seconds(60), seconds(60));
    return tx.query("SELECT pg_sleep(0.6)");
  });
  CHECK_MESSAGE(patient.has_value(), patient.error().describe());
}

TEST_CASE("PostgreSQL trouble: a body that dawdles with open statements loses its transaction") {
  if (!RunningPostgres::available()) return;
  RunningPostgres server;
  const auto database = must_open({.url = server.url(), .statement_time = milliseconds(200)});
  create_table(*database);
  int runs = 0;
  const auto done = database->write_blocking([&](Transaction& tx) -> Result<std::int64_t> {
    TRY(tx.execute("INSERT INTO entry (id) VALUES (1)"));
    if (++runs == 1) std::this_thread::sleep_for(milliseconds(700));
    return tx.execute("INSERT INTO entry (id) VALUES (1)");
  });
  CHECK_MESSAGE(done.has_value(), done.error().describe());
  CHECK(runs == 2);
  CHECK(times_there(*database, 1) == 2);
}

TEST_CASE("PostgreSQL trouble: a server that became read-only says so, and still reads") {
  if (!RunningPostgres::available()) return;
  RunningPostgres server;
  const auto database = must_open({.url = server.url(), .connections = 1});
  create_table(*database);
  SUBCASE("by its provider") {
    server.query("ALTER SYSTEM SET default_transaction_read_only = on");
    server.query("SELECT pg_reload_conf()");
    server.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'");
  }
  SUBCASE("as a standby") {
    server.stop(RunningPostgres::Stop::fast);
    std::ofstream(server.data() / "standby.signal").close();
    server.start();
  }
  const auto done = insert(*database, 1);
  REQUIRE_FALSE(done.has_value());
  CHECK_MESSAGE(done.error().code == "db.read_only", done.error().describe());
  CHECK(number(*database, "SELECT count(*) FROM entry") == 0);
}

TEST_CASE("PostgreSQL trouble: a missing right is told with the role's remedy") {
  if (!RunningPostgres::available()) return;
  RunningPostgres server;
  server.query("CREATE ROLE app LOGIN");
  const auto owner = must_open({.url = server.url()});
  create_table(*owner);
  const auto database = must_open({.url = server.url("postgres", "app")});
  const auto done = insert(*database, 1);
  REQUIRE_FALSE(done.has_value());
  check_error(done.error(), "db.permission", "permission denied for table entry");
  CHECK(done.error().hint.find("GRANT") != std::string::npos);
}

TEST_CASE("PostgreSQL trouble: commits wait for the disk even when the role's default does not") {
  if (!RunningPostgres::available()) return;
  RunningPostgres server;
  const auto setting = [&](const char* value) {
    server.query(std::string("ALTER ROLE postgres SET synchronous_commit = ") + value);
    const auto database = must_open({.url = server.url()});
    const auto row = database->write_blocking([](Transaction& tx) {
      return tx.query_one("SELECT current_setting('synchronous_commit')");
    });
    REQUIRE(row.has_value());
    return (*row)->text(0);
  };
  CHECK(setting("off") == "on");
  CHECK(setting("remote_apply") == "remote_apply");
}

TEST_CASE("PostgreSQL trouble: a server that does not sync is warned of") {
  if (!RunningPostgres::available()) return;
  const RunningPostgres server;
  log::CaptureForTest log;
  const auto database = must_open({.url = server.url()});
  CHECK(log.contains("database_not_durable"));
  CHECK_FALSE(log.contains("database_not_encrypted"));  // not over the loopback interface
}

TEST_CASE("PostgreSQL trouble: DATABASE_URL opens it, its password may come from a file") {
  if (!RunningPostgres::available()) return;
  const RunningPostgres server;
  server.query("CREATE ROLE with_password LOGIN PASSWORD 'right:one'");
  const Scratch scratch;
  const auto open = [&](const std::string& url) {
    auto settings =
        Settings::load({kDataSettings}, {.command_line = {},
                                         .environment = {{"DATA_DIR", scratch.path().string()},
                                                         {"DATABASE_URL", url},
                                                         {"DATABASE_CONNECTIONS", "2"}},
                                         .env_file = {}});
    REQUIRE_MESSAGE(settings.has_value(), settings.error().describe());
    for (const Settings::Listed& listed : settings->listed()) {
      CHECK(listed.shown.find("right") == std::string::npos);
    }
    return open_database(*settings);
  };
  CHECK(open(server.url("postgres", "with_password:right%3Aone")).has_value());
  CHECK(open("PostgreSQL" + server.url("postgres", "postgres").substr(8)).has_value());
  CHECK(open("postgres:///postgres?user=postgres&host=" + server.directory().string() +
             "&port=" + std::to_string(server.port()))
            .has_value());
  const auto file = scratch / "passwords";
  std::ofstream(file) << "127.0.0.1:*:postgres:with_password:right\\:one\n";
  std::filesystem::permissions(file, std::filesystem::perms::owner_read);
  setenv("PGPASSFILE", file.c_str(), 1);
  const auto opened = open(server.url("postgres", "with_password"));
  unsetenv("PGPASSFILE");
  CHECK_MESSAGE(opened.has_value(), opened.error().describe());
}
