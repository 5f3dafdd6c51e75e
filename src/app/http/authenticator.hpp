// Turns the credentials of a request into a Principal. Any loop.
//
// Keys that were found are remembered for kKeyMemory, so that a busy client costs no query a
// request; a revoked key is refused at the latest after that time.
#pragma once

#include <mutex>
#include <string>
#include <unordered_map>

#include "app/http/access.hpp"
#include "app/http/console_session.hpp"
#include "data/api_keys.hpp"
#include "net/http_message.hpp"

namespace selvage::app {

inline constexpr seconds kKeyMemory{5};
inline constexpr std::size_t kRememberedKeys = 10'000;

class Authenticator {
 public:
  // `operations_open`: whether Access::operations needs no credentials. The rest outlive it.
  Authenticator(data::Database& database, const ConsoleSessions& sessions, bool operations_open);

  // Forgets a cookie that signed out, so that this process refuses it at once; others within
  // kKeyMemory.
  void forget_cookie(std::string_view cookie);

  // Errors: auth.missing, auth.unknown_key (unauthenticated), auth.forbidden, auth.csrf
  // (forbidden), db.*.
  [[nodiscard]] Task<Result<Principal>> authorise(Access access, net::Method method,
                                                  std::string authorization, std::string cookie,
                                                  bool csrf_header);

 private:
  struct Remembered {
    data::ApiKey key;
    SteadyTime until;
  };
  Task<Result<std::optional<data::ApiKey>>> find_key(std::string full);
  Task<Result<bool>> is_signed_in(std::string cookie);

  data::Database& database_;
  const ConsoleSessions& sessions_;
  bool operations_open_;
  std::mutex mutex_;                                        // HTTP threads share the memory of keys
  std::unordered_map<std::string, Remembered> remembered_;  // by the key's hash
  std::unordered_map<std::string, SteadyTime> open_cookies_;  // by the cookie's hash, until when
};

}  // namespace selvage::app
