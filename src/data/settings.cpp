#include "data/settings.hpp"

#include <filesystem>

#include "data/detail/backend_choice.hpp"
#include "data/postgres_database.hpp"
#include "data/sqlite_database.hpp"

namespace selvage::data {

namespace {

namespace fs = std::filesystem;

constexpr SettingSpec kSpecs[] = {
    {"DATA_DIR", SettingType::path, "./data", "",
     "Directory of all that this process keeps: database, objects, generated secrets."},
    // Text and not url: "sqlite:file" has no authority.
    {"DATABASE_URL", SettingType::text, "sqlite:selvage.db", "",
     "Database: sqlite:<file>, relative to DATA_DIR, or postgres://user:password@host/database "
     "with "
     "any parameter that libpq knows (sslmode, sslrootcert, ...)."},
    {"DATABASE_READERS", SettingType::integer, "2", "1..64",
     "Threads that serve reads of a SQLite database."},
    {"DATABASE_CONNECTIONS", SettingType::integer, "8", "1..200",
     "Connections of one process to PostgreSQL, made when they are needed."},
    {"DATABASE_STATEMENT_TIMEOUT", SettingType::duration, "30s", "100ms..1h",
     "Longest time of one PostgreSQL statement."},
    {"DATABASE_LOCK_TIMEOUT", SettingType::duration, "10s", "100ms..1h",
     "Longest wait for a lock in PostgreSQL."},
    {"DATABASE_PATIENCE", SettingType::duration, "10s", "0s..10m",
     "How long a transaction waits while PostgreSQL is away, starting or full."},
    {"PUBLIC_BASE_URL", SettingType::url, "", "http|https",
     "How clients reach this service, for links in answers; empty: links are relative."},
    {"READINESS_URLS", SettingType::list, "", "",
     "Dependencies that /ready checks: comma-separated URLs, or name=URL, with the scheme redis or "
     "rediss (also +sentinel, +cluster), postgres, http, https or tcp."},
};

struct DatabaseBackend {
  std::string_view scheme;
  Result<std::unique_ptr<Database>> (*open)(const Settings&, const std::string& rest);
};

Result<std::unique_ptr<Database>> open_sqlite_setting(const Settings& settings,
                                                      const std::string& rest) {
  return open_sqlite({.file = fs::path(settings.text("DATA_DIR")) / rest,
                      .readers = static_cast<std::size_t>(settings.integer("DATABASE_READERS"))});
}

Result<std::unique_ptr<Database>> open_postgres_setting(const Settings& settings,
                                                        const std::string&) {
  return open_postgres(
      {.url = settings.text("DATABASE_URL"),
       .connections = static_cast<std::size_t>(settings.integer("DATABASE_CONNECTIONS")),
       .statement_time = settings.duration("DATABASE_STATEMENT_TIMEOUT"),
       .lock_time = settings.duration("DATABASE_LOCK_TIMEOUT"),
       .patience = settings.duration("DATABASE_PATIENCE")});
}

constexpr DatabaseBackend kDatabases[] = {{"sqlite", &open_sqlite_setting},
                                          {"postgres", &open_postgres_setting},
                                          {"postgresql", &open_postgres_setting}};

}  // namespace

const SettingSection kDataSettings{"Data", kSpecs};

Result<std::unique_ptr<Database>> open_database(const Settings& settings) {
  const DataUrl url = parse_data_url(settings.text("DATABASE_URL"));
  const DatabaseBackend* backend =
      TRY(choose<DatabaseBackend>(kDatabases, "DATABASE_URL", "settings.database_url", url,
                                  "sqlite:<file> or postgres://user:password@host/database"));
  TRY(create_data_directory(settings));
  return backend->open(settings, url.rest);
}

}  // namespace selvage::data
