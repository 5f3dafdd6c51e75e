#include "data/open_storage.hpp"

#include <filesystem>

#include "data/detail/backend_choice.hpp"
#include "data/kept_secret.hpp"
#include "data/local_storage.hpp"
#include "data/s3_storage.hpp"
#include "data/supabase_storage.hpp"
#include "net/url.hpp"

namespace selvage::data {

namespace {

namespace fs = std::filesystem;

constexpr SettingSpec kSpecs[] = {
    {"STORAGE_URL", SettingType::text, "local:objects", "",
     "Object storage for pictures: local:<directory>, relative to DATA_DIR; "
     "supabase://<project>.supabase.co/<bucket>[/prefix], supabase+http://host:port/<bucket>; "
     "s3://<bucket>[/prefix]?region=..&endpoint=https://host[:port]&style=path|host."},
    {"STORAGE_SIGNING_KEY", SettingType::secret, "", "32..4096",
     "Key that signs links to pictures in local files; empty: generated and kept in "
     "DATA_DIR/secrets."},
    {"STORAGE_TIMEOUT", SettingType::duration, "30s", "1s..10m",
     "How long one call of a storage behind HTTP may take, all its tries together."},
    {"STORAGE_PUBLIC_URL", SettingType::url, "", "http|https",
     "Scheme, host and port under which clients reach a storage behind HTTP, when that is not "
     "where STORAGE_URL points; for links in answers."},
    {"STORAGE_CA_FILE", SettingType::path, "", "",
     "Certificate authorities for a storage with a private one, PEM; empty: the system's."},
    {"SUPABASE_SERVICE_KEY", SettingType::secret, "", "16..4096",
     "Secret key (sb_secret_...) or service_role key (eyJ...) of the Supabase project."},
    {"S3_ACCESS_KEY_ID", SettingType::text, "", "1..256", "Access key of the S3 storage."},
    {"S3_SECRET_ACCESS_KEY", SettingType::secret, "", "1..256", "Its secret."},
    {"S3_SESSION_TOKEN", SettingType::secret, "", "1..8192",
     "Session token of temporary S3 credentials; links end with them."},
};

struct StorageParts {
  const Settings& settings;
  net::BlockingPool& pool;
  net::Loop& home;
};
using Opened = Result<std::unique_ptr<ObjectStorage>>;

struct StorageBackend {
  std::string_view scheme;
  Opened (*open)(StorageParts parts, const DataUrl& url);
};

Opened open_local_setting(StorageParts parts, const DataUrl& url) {
  const fs::path data(parts.settings.text("DATA_DIR"));
  Secret key = parts.settings.secret("STORAGE_SIGNING_KEY");
  if (key.empty()) key = TRY(kept_secret(data / "secrets", "storage-signing-key"));
  return TRY(LocalStorage::open(data / url.rest, std::move(key),
                                parts.settings.text("PUBLIC_BASE_URL"), parts.pool));
}

// Scheme, host and port of STORAGE_PUBLIC_URL, or empty.
Result<std::string> public_origin(const Settings& settings) {
  const std::string& text = settings.text("STORAGE_PUBLIC_URL");
  if (text.empty()) return std::string();
  const Result<net::Url> url = net::Url::parse(text);
  if (url && (url->target == "/" || url->target.empty())) return url->origin();
  return fail(ErrorKind::invalid, "settings.storage_public_url",
              url ? "STORAGE_PUBLIC_URL has a path or query"
                  : "STORAGE_PUBLIC_URL cannot be read: " + url.error().message,
              "write it like https://pictures.example.com");
}

RemoteOptions remote_options(const Settings& settings) {
  return {.timeout = settings.duration("STORAGE_TIMEOUT"),
          .ca_file = settings.text("STORAGE_CA_FILE")};
}

Opened open_supabase_setting(StorageParts parts, const DataUrl&) {
  SupabaseOptions options = TRY(parse_supabase_url(parts.settings.text("STORAGE_URL")));
  options.key = parts.settings.secret("SUPABASE_SERVICE_KEY");
  options.public_origin = TRY(public_origin(parts.settings));
  options.remote = remote_options(parts.settings);
  return TRY(SupabaseStorage::open(std::move(options), parts.home));
}

Opened open_s3_setting(StorageParts parts, const DataUrl&) {
  S3Options options = TRY(parse_s3_url(parts.settings.text("STORAGE_URL")));
  options.key_id = parts.settings.text("S3_ACCESS_KEY_ID");
  options.secret_key = parts.settings.secret("S3_SECRET_ACCESS_KEY");
  options.session_token = parts.settings.secret("S3_SESSION_TOKEN");
  options.public_endpoint = TRY(public_origin(parts.settings));
  options.remote = remote_options(parts.settings);
  return TRY(S3Storage::open(std::move(options), parts.home, parts.pool));
}

constexpr StorageBackend kStorages[] = {{"local", &open_local_setting},
                                        {"supabase", &open_supabase_setting},
                                        {"supabase+http", &open_supabase_setting},
                                        {"s3", &open_s3_setting}};

}  // namespace

const SettingSection kStorageSettings{"Object storage", kSpecs};

Result<std::unique_ptr<ObjectStorage>> open_storage(const Settings& settings,
                                                    net::BlockingPool& pool, net::Loop& home) {
  const DataUrl url = parse_data_url(settings.text("STORAGE_URL"));
  const StorageBackend* backend =
      TRY(choose<StorageBackend>(kStorages, "STORAGE_URL", "settings.storage_url", url,
                                 "local:<directory>, supabase://<host>/<bucket> or s3://<bucket>"));
  TRY(create_data_directory(settings));
  return backend->open({settings, pool, home}, url);
}

}  // namespace selvage::data
