// API keys: "sk_<8 characters>_<43 characters>"; only the SHA-256 of the whole is stored (the key
// has 256 random bits, so a slow hash would add nothing). A key belongs to an owner and carries
// rights.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/database.hpp"
#include "data/migrations.hpp"

namespace selvage::data {

enum class Right { submit, read, admin };
[[nodiscard]] std::string_view name(Right right);

struct ApiKey {
  std::string id;       // the public part: "sk_<8 characters>"
  std::string label;    // what people call it
  std::string channel;  // "b2b" or "b2c"; empty for a pure admin key
  std::string owner;    // store or user id; empty for a pure admin key
  std::vector<Right> rights;
  Timestamp created_at;
  std::optional<Timestamp> revoked_at;
  std::optional<Timestamp> last_used_at;  // to the minute
  [[nodiscard]] bool has(Right right) const;
};

struct NewApiKey {
  ApiKey key;
  std::string full;  // shown once, never stored
};

// Errors: keys.label, keys.channel, keys.owner, keys.rights (all invalid).
[[nodiscard]] Result<NewApiKey> create_api_key(Transaction& tx, std::string label,
                                               std::string channel, std::string owner,
                                               std::vector<Right> rights);
// nullopt when unknown, malformed or revoked. Compares hashes, so timing says nothing of stored
// keys.
[[nodiscard]] Result<std::optional<ApiKey>> find_api_key(Transaction& tx, std::string_view full);
[[nodiscard]] Result<std::vector<ApiKey>> list_api_keys(Transaction& tx);
// Revoking twice is fine. Errors: keys.not_found.
[[nodiscard]] Result<void> revoke_api_key(Transaction& tx, std::string_view id);
// Notes that the key is in use, at most once a minute: a call in between changes nothing.
[[nodiscard]] Result<void> touch_api_key(Transaction& tx, std::string_view id);

extern const std::span<const Migration> kDataMigrations;

}  // namespace selvage::data
