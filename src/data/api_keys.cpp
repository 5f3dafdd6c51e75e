#include "data/api_keys.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.hpp"
#include "base/id.hpp"
#include "base/text.hpp"

namespace selvage::data {

namespace {

constexpr std::size_t kIdLength = 11;    // "sk_" and 8 characters
constexpr std::size_t kFullLength = 55;  // the id, "_" and 43 characters
constexpr std::size_t kMaxLabel = 100;
constexpr std::size_t kMaxOwner = 200;
constexpr std::size_t kMaxListed = 10'000;
constexpr milliseconds kTouchEvery{60'000};

constexpr std::string_view kSelect =
    "SELECT id, label, channel, owner, rights, created_at, revoked_at, last_used_at FROM api_keys";

constexpr Right kAllRights[] = {Right::submit, Right::read, Right::admin};

std::string join_rights(const std::vector<Right>& rights) {
  std::vector<std::string> names;
  names.reserve(rights.size());
  for (const Right right : rights) names.emplace_back(name(right));
  return join(names, ",");
}

// A right that this release does not know gives nothing.
std::vector<Right> parse_rights(std::string_view text) {
  std::vector<Right> rights;
  for (const std::string_view piece : split(text, ',')) {
    for (const Right right : kAllRights) {
      if (name(right) == piece) rights.push_back(right);
    }
  }
  return rights;
}

ApiKey key_of(const Row& row) {
  return {.id = row.text(0),
          .label = row.text(1),
          .channel = row.text(2),
          .owner = row.text(3),
          .rights = parse_rights(row.text(4)),
          .created_at = row.time(5),
          .revoked_at = row.maybe_time(6),
          .last_used_at = row.maybe_time(7)};
}

bool is_plain(std::string_view text) {
  return is_valid_utf8(text) && std::ranges::none_of(text, [](char c) {
           return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
         });
}

Result<void> check_new_key(const ApiKey& key) {
  const auto kind = ErrorKind::invalid;
  if (key.label.empty() || key.label.size() > kMaxLabel || !is_plain(key.label)) {
    return fail(kind, "keys.label",
                fmt::format("the label {} must be 1 to {} bytes of text without control characters",
                            in_quotes(key.label), kMaxLabel));
  }
  if (key.rights.empty()) {
    return fail(kind, "keys.rights", "a key needs at least one right",
                "give it submit, read or admin");
  }
  if (key.channel.empty() && key.owner.empty()) {
    if (key.has(Right::admin)) return {};
    return fail(kind, "keys.owner", "only an admin key may belong to nobody",
                "name the channel (b2b or b2c) and the owner");
  }
  if (key.channel != "b2b" && key.channel != "b2c") {
    return fail(kind, "keys.channel",
                fmt::format("the channel {} is not known", in_quotes(key.channel)),
                "use b2b for a store or b2c for a user");
  }
  if (key.owner.empty() || key.owner.size() > kMaxOwner || !is_plain(key.owner)) {
    return fail(kind, "keys.owner",
                fmt::format("the owner {} must be 1 to {} bytes of text without control characters",
                            in_quotes(key.owner), kMaxOwner),
                "use the id of the store or user that the key belongs to");
  }
  return {};
}

// What is longer or shorter cannot be a key, and hashing it would cost what the sender chooses.
bool is_well_formed(std::string_view full) {
  return full.size() == kFullLength && full.starts_with("sk_") && full[kIdLength] == '_' &&
         std::ranges::all_of(full, [](char c) {
           const char lower = to_lower_ascii(c);
           return is_digit(c) || (lower >= 'a' && lower <= 'z') || c == '_' || c == '-';
         });
}

}  // namespace

std::string_view name(Right right) {
  switch (right) {
    case Right::submit:
      return "submit";
    case Right::read:
      return "read";
    case Right::admin:
      return "admin";
  }
  return "";
}

bool ApiKey::has(Right right) const { return std::ranges::find(rights, right) != rights.end(); }

Result<NewApiKey> create_api_key(Transaction& tx, std::string label, std::string channel,
                                 std::string owner, std::vector<Right> rights) {
  std::ranges::sort(rights);
  rights.erase(std::ranges::unique(rights).begin(), rights.end());
  NewApiKey made;
  made.key = {.id = "sk_" + random_token(6),
              .label = std::move(label),
              .channel = std::move(channel),
              .owner = std::move(owner),
              .rights = std::move(rights),
              .created_at = now(),
              .revoked_at = std::nullopt,
              .last_used_at = std::nullopt};
  TRY(check_new_key(made.key));
  made.full = made.key.id + "_" + random_token(32);
  TRY(
      tx.execute("INSERT INTO api_keys (id, label, channel, owner, rights, key_hash, created_at) "
                 "VALUES ($1, $2, $3, $4, $5, $6, $7)",
                 {made.key.id, made.key.label, made.key.channel, made.key.owner,
                  join_rights(made.key.rights), sha256_hex(made.full), sql(made.key.created_at)}));
  return made;
}

Result<std::optional<ApiKey>> find_api_key(Transaction& tx, std::string_view full) {
  if (!is_well_formed(full)) return std::nullopt;
  static const std::string query =
      std::string(kSelect) + " WHERE key_hash = $1 AND revoked_at IS NULL";
  const std::optional<Row> row = TRY(tx.query_one(query, {sha256_hex(full)}));
  if (!row) return std::nullopt;
  return key_of(*row);
}

Result<std::vector<ApiKey>> list_api_keys(Transaction& tx) {
  static const std::string query =
      fmt::format("{} ORDER BY created_at, id LIMIT {}", kSelect, kMaxListed);
  std::vector<ApiKey> keys;
  for (const Row& row : TRY(tx.query(query))) keys.push_back(key_of(row));
  return keys;
}

Result<void> revoke_api_key(Transaction& tx, std::string_view id) {
  const std::string key(id);
  const std::int64_t revoked =
      TRY(tx.execute("UPDATE api_keys SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL",
                     {sql(now()), key}));
  if (revoked > 0) return {};
  if (TRY(tx.query_one("SELECT 1 FROM api_keys WHERE id = $1", {key}))) return {};
  return fail(ErrorKind::not_found, "keys.not_found",
              fmt::format("there is no API key with the id {}", in_quotes(id)),
              "list the keys to see their ids");
}

Result<void> touch_api_key(Transaction& tx, std::string_view id) {
  const Timestamp time = now();
  TRY(
      tx.execute("UPDATE api_keys SET last_used_at = $1 "
                 "WHERE id = $2 AND (last_used_at IS NULL OR last_used_at <= $3)",
                 {sql(time), std::string(id), sql(time - kTouchEvery)}));
  return {};
}

}  // namespace selvage::data
