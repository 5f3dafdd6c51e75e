#include "data/settings.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "data/kept_secret.hpp"
#include "data/local_storage.hpp"
#include "data/sqlite_database.hpp"

namespace selvage::data {

namespace {

namespace fs = std::filesystem;

constexpr SettingSpec kSpecs[] = {
    {"DATA_DIR", SettingType::path, "./data", "",
     "Directory of all that this process keeps: database, objects, generated secrets."},
    // Text and not url: "sqlite:file" has no authority.
    {"DATABASE_URL", SettingType::text, "sqlite:selvage.db", "",
     "Database: sqlite:<file>, relative to DATA_DIR."},
    {"DATABASE_READERS", SettingType::integer, "2", "1..64", "Threads that serve database reads."},
    {"STORAGE_URL", SettingType::text, "local:objects", "",
     "Object storage for pictures: local:<directory>, relative to DATA_DIR."},
    {"STORAGE_SIGNING_KEY", SettingType::secret, "", "32..4096",
     "Key that signs links to stored pictures; empty: generated and kept in DATA_DIR/secrets."},
    {"PUBLIC_BASE_URL", SettingType::url, "", "http|https",
     "How clients reach this service, for links in answers; empty: links are relative."},
    {"READINESS_URLS", SettingType::list, "", "",
     "Dependencies that /ready checks: comma-separated URLs, or name=URL, with the scheme redis, "
     "rediss, postgres, http, https or tcp."},
};

struct DataUrl {
  std::string scheme;
  std::string rest;  // without "//" at its start
};

DataUrl parse_data_url(std::string_view url) {
  const std::size_t colon = url.find(':');
  if (colon == std::string_view::npos) return {};
  std::string_view rest = url.substr(colon + 1);
  // sqlite:/var/db and sqlite:///var/db name the same file; sqlite://db is as good as sqlite:db.
  if (rest.starts_with("//")) rest.remove_prefix(2);
  return {to_lower_ascii(url.substr(0, colon)), std::string(rest)};
}

// Shows the scheme alone when there is one: the rest may hold a password.
template <class Backend>
Result<const Backend*> choose(std::span<const Backend> backends, std::string_view setting,
                              std::string_view code, const DataUrl& url, std::string_view example) {
  for (const Backend& backend : backends) {
    if (backend.scheme == url.scheme && !url.rest.empty()) return &backend;
  }
  const std::string what =
      url.scheme.empty() ? fmt::format("{} has no scheme; use {}", setting, example)
      : url.rest.empty()
          ? fmt::format("{} names nothing after {}:; use {}", setting, url.scheme, example)
          : fmt::format("{}:// is not supported by this build yet; use {}", url.scheme, example);
  return fail(ErrorKind::invalid, std::string(code), what,
              fmt::format("change the setting {}", setting));
}

struct DatabaseBackend {
  std::string_view scheme;
  Result<std::unique_ptr<Database>> (*open)(const Settings&, const std::string& rest);
};

Result<std::unique_ptr<Database>> open_sqlite_setting(const Settings& settings,
                                                      const std::string& rest) {
  return open_sqlite({.file = fs::path(settings.text("DATA_DIR")) / rest,
                      .readers = static_cast<std::size_t>(settings.integer("DATABASE_READERS"))});
}

constexpr DatabaseBackend kDatabases[] = {{"sqlite", &open_sqlite_setting}};

struct StorageBackend {
  std::string_view scheme;
  Result<std::unique_ptr<ObjectStorage>> (*open)(const Settings&, const std::string& rest,
                                                 net::BlockingPool&);
};

Result<std::unique_ptr<ObjectStorage>> open_local_setting(const Settings& settings,
                                                          const std::string& rest,
                                                          net::BlockingPool& pool) {
  const fs::path data(settings.text("DATA_DIR"));
  Secret key = settings.secret("STORAGE_SIGNING_KEY");
  if (key.empty()) key = TRY(kept_secret(data / "secrets", "storage-signing-key"));
  return TRY(
      LocalStorage::open(data / rest, std::move(key), settings.text("PUBLIC_BASE_URL"), pool));
}

constexpr StorageBackend kStorages[] = {{"local", &open_local_setting}};

Result<void> create_data_directory(const Settings& settings) {
  const fs::path directory(settings.text("DATA_DIR"));
  std::error_code failed;
  fs::create_directories(directory, failed);
  if (!failed) return {};
  return fail(
      ErrorKind::unavailable, "settings.data_dir",
      fmt::format("the directory {} cannot be created: {}", directory.string(), failed.message()),
      "create it for the user of this process, or set DATA_DIR to another one");
}

}  // namespace

const SettingSection kDataSettings{"Data", kSpecs};

Result<std::unique_ptr<Database>> open_database(const Settings& settings) {
  const DataUrl url = parse_data_url(settings.text("DATABASE_URL"));
  const DatabaseBackend* backend = TRY(choose<DatabaseBackend>(
      kDatabases, "DATABASE_URL", "settings.database_url", url, "sqlite:<file>"));
  TRY(create_data_directory(settings));
  return backend->open(settings, url.rest);
}

Result<std::unique_ptr<ObjectStorage>> open_storage(const Settings& settings,
                                                    net::BlockingPool& pool) {
  const DataUrl url = parse_data_url(settings.text("STORAGE_URL"));
  const StorageBackend* backend = TRY(choose<StorageBackend>(
      kStorages, "STORAGE_URL", "settings.storage_url", url, "local:<directory>"));
  TRY(create_data_directory(settings));
  return backend->open(settings, url.rest, pool);
}

}  // namespace selvage::data
