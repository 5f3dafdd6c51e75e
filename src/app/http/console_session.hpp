// The console's sign-in: one-time codes, and cookies signed with a key that only this installation
// has.
#pragma once

#include <string>
#include <string_view>

#include "base/secret.hpp"
#include "data/database.hpp"
#include "data/migrations.hpp"

namespace selvage::app {

inline constexpr seconds kLoginCodeLife{3600};
inline constexpr seconds kConsoleSessionLife{12 * 3600};
inline constexpr std::string_view kConsoleCookie = "selvage_console";

// Makes a code, stores its hash, and returns it: shown once, used once, within kLoginCodeLife.
[[nodiscard]] Result<std::string> create_login_code(data::Transaction& tx);
// True exactly once for a code that is known, unused and not expired.
[[nodiscard]] Result<bool> use_login_code(data::Transaction& tx, std::string_view code);
// Whether any code was ever made: false on the first start.
[[nodiscard]] Result<bool> any_login_code(data::Transaction& tx);

extern const std::span<const data::Migration> kAppMigrations;

// Signing out: the cookie is refused from now on by every process, at the latest after its memory
// of cookies.
[[nodiscard]] Result<void> end_console_session(data::Transaction& tx, std::string_view cookie);
[[nodiscard]] Result<bool> console_session_ended(data::Transaction& tx, std::string_view cookie);

// Cookies "<expiry>.<nonce>.<HMAC>": valid without a look-up, for all processes that share the key.
// Any thread.
class ConsoleSessions {
 public:
  explicit ConsoleSessions(Secret key) : key_(std::move(key)) {}
  [[nodiscard]] std::string issue() const;
  [[nodiscard]] bool valid(std::string_view cookie) const;

 private:
  Secret key_;
};

}  // namespace selvage::app
