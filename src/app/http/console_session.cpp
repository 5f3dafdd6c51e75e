#include "app/http/console_session.hpp"

#include <charconv>

#include "base/crypto.hpp"
#include "base/id.hpp"

namespace selvage::app {

namespace {

constexpr data::Migration kMigrations[] = {
    {"app/0001-console-logins",
     R"(CREATE TABLE console_logins (
  code_hash TEXT PRIMARY KEY,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER
) STRICT;
)",
     R"(CREATE TABLE console_logins (
  code_hash TEXT PRIMARY KEY,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT
);
)"},
    {"app/0002-console-signouts",
     R"(CREATE TABLE console_signouts (
  cookie_hash TEXT PRIMARY KEY,
  ended_at INTEGER NOT NULL
) STRICT;
)",
     R"(CREATE TABLE console_signouts (
  cookie_hash TEXT PRIMARY KEY,
  ended_at BIGINT NOT NULL
);
)"},
};

}  // namespace

const std::span<const data::Migration> kAppMigrations = kMigrations;

Result<std::string> create_login_code(data::Transaction& tx) {
  std::string code = random_token(18);
  TRY(tx.execute("DELETE FROM console_logins WHERE expires_at < $1 AND used_at IS NULL",
                 {data::sql(now() - std::chrono::days(7))}));
  TRY(tx.execute(
      "INSERT INTO console_logins (code_hash, created_at, expires_at) VALUES ($1, $2, $3)",
      {sha256_hex(code), data::sql(now()), data::sql(now() + kLoginCodeLife)}));
  return code;
}

Result<bool> use_login_code(data::Transaction& tx, std::string_view code) {
  const auto changed =
      TRY(tx.execute("UPDATE console_logins SET used_at = $1 "
                     "WHERE code_hash = $2 AND used_at IS NULL AND expires_at > $3",
                     {data::sql(now()), sha256_hex(code), data::sql(now())}));
  return changed == 1;
}

Result<bool> any_login_code(data::Transaction& tx) {
  const auto row = TRY(tx.query_one("SELECT EXISTS (SELECT 1 FROM console_logins)"));
  return row && row->integer(0) != 0;
}

Result<void> end_console_session(data::Transaction& tx, std::string_view cookie) {
  TRY(tx.execute("DELETE FROM console_signouts WHERE ended_at < $1",
                 {data::sql(now() - kConsoleSessionLife)}));  // those expire by themselves
  TRY(
      tx.execute("INSERT INTO console_signouts (cookie_hash, ended_at) VALUES ($1, $2) "
                 "ON CONFLICT (cookie_hash) DO NOTHING",
                 {sha256_hex(cookie), data::sql(now())}));
  return {};
}

Result<bool> console_session_ended(data::Transaction& tx, std::string_view cookie) {
  return TRY(tx.query_one("SELECT 1 FROM console_signouts WHERE cookie_hash = $1",
                          {sha256_hex(cookie)}))
      .has_value();
}

std::string ConsoleSessions::issue() const {
  const auto expiry =
      std::chrono::duration_cast<seconds>((now() + kConsoleSessionLife).time_since_epoch());
  const std::string claim = fmt::format("{}.{}", expiry.count(), random_token(12));
  return claim + "." + hmac_sha256(key_.reveal(), "console:" + claim);
}

bool ConsoleSessions::valid(std::string_view cookie) const {
  const std::size_t last_dot = cookie.rfind('.');
  if (last_dot == std::string_view::npos) return false;
  const std::string_view claim = cookie.substr(0, last_dot);
  const std::string expected = hmac_sha256(key_.reveal(), fmt::format("console:{}", claim));
  if (!equal_constant_time(expected, cookie.substr(last_dot + 1))) return false;
  std::int64_t expiry = 0;
  const auto [end, error] = std::from_chars(claim.data(), claim.data() + claim.size(), expiry);
  return error == std::errc() && *end == '.' && from_unix_ms(expiry * 1000) > now();
}

}  // namespace selvage::app
