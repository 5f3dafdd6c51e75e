#include "app/http/authenticator.hpp"

#include "base/crypto.hpp"

namespace selvage::app {

namespace {

Principal principal_of(const data::ApiKey& key) {
  Principal principal;
  principal.admin = key.has(data::Right::admin);
  principal.key_id = key.id;
  principal.may_submit = principal.admin || key.has(data::Right::submit);
  principal.may_read = principal.admin || key.has(data::Right::read);
  if (auto channel = tryon::parse_channel(key.channel)) {
    principal.owner = tryon::Owner{*channel, key.owner};
  }
  return principal;
}

bool allowed(Access access, const Principal& principal) {
  switch (access) {
    case Access::open:
      return true;
    case Access::operations:
    case Access::admin:
      return principal.admin;
    case Access::submit:
      return principal.may_submit;
    case Access::read:
      return principal.may_read;
  }
  return false;
}

bool changes_state(net::Method method) {
  return method != net::Method::get && method != net::Method::head &&
         method != net::Method::options;
}

}  // namespace

std::string_view name(Access access) {
  switch (access) {
    case Access::open:
      return "open";
    case Access::operations:
      return "operations";
    case Access::submit:
      return "submit";
    case Access::read:
      return "read";
    case Access::admin:
      return "admin";
  }
  return "admin";
}

Authenticator::Authenticator(data::Database& database, const ConsoleSessions& sessions,
                             bool operations_open)
    : database_(database), sessions_(sessions), operations_open_(operations_open) {}

Task<Result<Principal>> Authenticator::authorise(Access access, net::Method method,
                                                 std::string authorization, std::string cookie,
                                                 bool csrf_header) {
  if (access == Access::open || (access == Access::operations && operations_open_)) {
    co_return Principal{};
  }
  Principal principal;
  constexpr std::string_view kBearer = "Bearer ";
  if (authorization.size() > kBearer.size() &&
      std::string_view(authorization).substr(0, kBearer.size()) == kBearer) {
    auto key = CO_TRY(co_await find_key(authorization.substr(kBearer.size())));
    if (!key) {
      co_return fail(ErrorKind::unauthenticated, "auth.unknown_key",
                     "this API key is unknown or was revoked",
                     "list the keys with `selvage keys ls`, make one with `selvage keys create`");
    }
    principal = principal_of(*key);
  } else if (!cookie.empty() && CO_TRY(co_await is_signed_in(cookie))) {
    principal = {.admin = true,
                 .by_cookie = true,
                 .key_id = "console",
                 .may_submit = true,
                 .may_read = true};
    // a form on a foreign page can send the cookie, but not this header
    if (changes_state(method) && !csrf_header) {
      co_return fail(ErrorKind::forbidden, "auth.csrf",
                     "a change by the console's session needs the header X-Selvage-Console: 1");
    }
  } else {
    co_return fail(ErrorKind::unauthenticated, "auth.missing", "this needs an API key",
                   "send `Authorization: Bearer sk_...`; make a key with `selvage keys create`");
  }
  if (!allowed(access, principal)) {
    co_return fail(ErrorKind::forbidden, "auth.forbidden",
                   fmt::format("the key {} lacks the right to {}", principal.key_id,
                               access == Access::operations ? "admin" : name(access)),
                   "use a key that has it: selvage keys create --rights ...");
  }
  co_return principal;
}

void Authenticator::forget_cookie(std::string_view cookie) {
  std::lock_guard lock(mutex_);
  open_cookies_.erase(sha256_hex(cookie));
}

Task<Result<bool>> Authenticator::is_signed_in(std::string cookie) {
  if (!sessions_.valid(cookie)) co_return false;
  const std::string hash = sha256_hex(cookie);
  const SteadyTime now = steady_now();
  {
    std::lock_guard lock(mutex_);
    auto found = open_cookies_.find(hash);
    if (found != open_cookies_.end() && found->second > now) co_return true;
  }
  const bool ended = CO_TRY(co_await database_.read(
      [&cookie](data::Transaction& tx) { return console_session_ended(tx, cookie); }));
  if (ended) co_return false;
  std::lock_guard lock(mutex_);
  if (open_cookies_.size() >= kRememberedKeys) open_cookies_.clear();
  open_cookies_[hash] = now + kKeyMemory;
  co_return true;
}

Task<Result<std::optional<data::ApiKey>>> Authenticator::find_key(std::string full) {
  const std::string hash = sha256_hex(full);
  const SteadyTime now = steady_now();
  {
    std::lock_guard lock(mutex_);
    auto found = remembered_.find(hash);
    if (found != remembered_.end() && found->second.until > now) co_return found->second.key;
  }
  auto key = CO_TRY(co_await database_.read(
      [&full](data::Transaction& tx) { return data::find_api_key(tx, full); }));
  if (!key) co_return std::nullopt;
  {
    std::lock_guard lock(mutex_);
    if (remembered_.size() >= kRememberedKeys) remembered_.clear();
    remembered_[hash] = {*key, now + kKeyMemory};
  }
  co_await database_.write([id = key->id](data::Transaction& tx) {
    return data::touch_api_key(tx, id);
  });  // the time of last use is for people; a failure to note it must not refuse the request
  co_return key;
}

}  // namespace selvage::app
