#include "data/detail/postgres_schema.hpp"

#include <fmt/format.h>

namespace selvage::data {

namespace {

// A table is one of this transaction's when its row in pg_class is.
constexpr std::string_view kShutTables = R"sql(
DO $shut$
DECLARE
  ours record;
  known text;
BEGIN
  FOR ours IN
    SELECT c.oid::regclass::text AS name, c.relkind AS kind FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'S')
        AND c.xmin = pg_current_xact_id()::xid
  LOOP
    IF ours.kind <> 'S' THEN
      EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', ours.name);
    END IF;
    FOR known IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
      EXECUTE format('REVOKE ALL ON %s FROM %I', ours.name, known);
    END LOOP;
    FOR known IN SELECT rolname FROM pg_roles WHERE rolname = 'service_role' LOOP
      EXECUTE format('GRANT ALL ON %s TO %I', ours.name, known);
    END LOOP;
  END LOOP;
END
$shut$
)sql";

std::unexpected<Error> no_right(std::string message, std::string hint) {
  return fail(ErrorKind::unavailable, "db.permission", std::move(message), std::move(hint));
}

}  // namespace

Result<bool> has_migrations_table(Transaction& tx) {
  const Row place = TRY(tx.query("SELECT current_schema(), current_user,"
                                 " current_setting('search_path')"))
                        .at(0);
  if (place.is_null(0)) {
    return no_right(fmt::format("no schema of the search_path {} exists, or the role {} may not "
                                "use it",
                                place.text(2), place.text(1)),
                    fmt::format("CREATE SCHEMA ...; GRANT USAGE, CREATE ON SCHEMA ... TO {}; or "
                                "ALTER ROLE {} SET search_path = ...",
                                place.text(1), place.text(1)));
  }
  const auto table = TRY(tx.query_one(
      "SELECT row_security_active(c.oid) FROM pg_class c JOIN pg_namespace n"
      " ON n.oid = c.relnamespace WHERE n.nspname = current_schema() AND c.relkind = 'r'"
      " AND c.relname = 'schema_migrations'"));
  if (!table) return false;
  if (table->integer(0) != 0) {
    return no_right(fmt::format("row-level security hides the tables in the schema {} from the "
                                "role {}",
                                place.text(0), place.text(1)),
                    fmt::format("connect as the role that owns the tables, or: ALTER ROLE {} "
                                "BYPASSRLS",
                                place.text(1)));
  }
  return true;
}

Result<void> check_may_create(Transaction& tx) {
  const Row place = TRY(tx.query("SELECT current_schema(), current_user, current_database(),"
                                 " has_schema_privilege(current_schema(), 'CREATE')"))
                        .at(0);
  if (place.integer(3) != 0) return {};
  return no_right(fmt::format("the role {} may not create tables in the schema {} of the database "
                              "{}",
                              place.text(1), place.text(0), place.text(2)),
                  fmt::format("run `selvage migrate` once as the owner of the schema, or let him "
                              "GRANT CREATE ON SCHEMA {} TO {}",
                              place.text(0), place.text(1)));
}

Result<void> shut_tables(Transaction& tx) {
  TRY(tx.execute(kShutTables));
  return {};
}

}  // namespace selvage::data
