// The tables in a PostgreSQL database that others share, Supabase's among them.
#include "integration/data/postgres_fixture.hpp"

using namespace selvage;
using namespace selvage::data;

namespace {

Result<MigrationReport> migrate_as(const std::string& url) {
  const auto database = must_open({.url = url});
  const std::span<const Migration> rooms[] = {kDataMigrations};
  return migrate(*database, rooms);
}

// What a role gets for a statement: "" or the beginning of its error.
std::string try_as(const RunningPostgres& server, const std::string& role, const std::string& sql) {
  PGconn* const connection = PQconnectdb(server.url("postgres", role).c_str());
  PGresult* const result = PQexec(connection, sql.c_str());
  const ExecStatusType status = PQresultStatus(result);
  std::string said =
      status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK ? "" : PQerrorMessage(connection);
  PQclear(result);
  PQfinish(connection);
  return said;
}

}  // namespace

TEST_CASE("PostgreSQL schema: beside Supabase the tables are shut, but not to owner and service") {
  if (!RunningPostgres::available()) return;
  const RunningPostgres server;
  // As a Supabase project has it: roles of its API, and rights on every new table for them.
  server.query("CREATE ROLE anon LOGIN");
  server.query("CREATE ROLE authenticated LOGIN");
  server.query("CREATE ROLE service_role LOGIN BYPASSRLS");
  server.query("GRANT USAGE ON SCHEMA public TO anon, authenticated, service_role");
  server.query("ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO anon, authenticated");
  server.query("ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO anon, authenticated");
  server.query("CREATE TABLE theirs (id BIGINT)");
  REQUIRE(migrate_as(server.url()).has_value());

  CHECK(server.query("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
                     " AND relkind = 'r' AND relname <> 'theirs' AND NOT relrowsecurity") == "0");
  CHECK(server.query("SELECT relrowsecurity FROM pg_class WHERE relname = 'theirs'") == "f");
  for (const char* role : {"anon", "authenticated"}) {
    CAPTURE(role);
    CHECK(try_as(server, role, "SELECT * FROM theirs").empty());
    CHECK(try_as(server, role, "SELECT * FROM api_keys").find("permission denied") !=
          std::string::npos);
    CHECK(try_as(server, role, "SELECT * FROM schema_migrations").find("permission denied") !=
          std::string::npos);
  }
  CHECK(try_as(server, "service_role", "DELETE FROM api_keys").empty());
  // The service role may run the program as well, once the owner has migrated.
  CHECK_MESSAGE(migrate_as(server.url("postgres", "service_role")).has_value(), "service_role");
}

TEST_CASE("PostgreSQL schema: a role that lacks a right is told which, and where") {
  if (!RunningPostgres::available()) return;
  const RunningPostgres server;
  server.query("CREATE ROLE app LOGIN");
  const std::string url = server.url("postgres", "app");
  const auto no_create = migrate_as(url);
  REQUIRE_FALSE(no_create.has_value());
  CHECK(no_create.error().code == "db.permission");
  CHECK(no_create.error().message ==
        "the role app may not create tables in the schema public of the database postgres");
  CHECK(no_create.error().hint.find("GRANT CREATE ON SCHEMA public TO app") != std::string::npos);

  // The owner migrates; the role has rights, but rows would be hidden from it.
  REQUIRE(migrate_as(server.url()).has_value());
  server.query("GRANT ALL ON ALL TABLES IN SCHEMA public TO app");
  const auto hidden = migrate_as(url);
  REQUIRE_FALSE(hidden.has_value());
  CHECK(hidden.error().message ==
        "row-level security hides the tables in the schema public from the role app");
  server.query("ALTER ROLE app BYPASSRLS");
  const auto fine = migrate_as(url);
  REQUIRE_MESSAGE(fine.has_value(), fine.error().describe());
  CHECK(fine->applied.empty());

  server.query("ALTER ROLE app SET search_path = nowhere");
  const auto no_schema = migrate_as(url);
  REQUIRE_FALSE(no_schema.has_value());
  CHECK(no_schema.error().message.find("no schema of the search_path nowhere exists") == 0);
}

TEST_CASE("PostgreSQL schema: the tables live in the first schema of the role's search_path") {
  if (!RunningPostgres::available()) return;
  const RunningPostgres server;
  server.query("CREATE ROLE app LOGIN");
  server.query("CREATE SCHEMA own AUTHORIZATION app");
  server.query("ALTER ROLE app SET search_path = own, public");
  REQUIRE(migrate_as(server.url("postgres", "app")).has_value());
  CHECK(server.query("SELECT count(*) FROM pg_tables WHERE schemaname = 'own'") == "3");
  CHECK(server.query("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == "0");
  CHECK(migrate_as(server.url("postgres", "app"))->applied.empty());
}
