// Errors are values: a function that can fail for a reason outside the program returns Result<T>.
//
// An Error says what went wrong, where, and what to do about it, in sentences a person can act on
// at night. Its `code` is stable and never translated; its `kind` decides the HTTP status and the
// exit code. Messages never hold secrets. Exceptions are for bugs and third-party libraries only
// and stop at the door of a room.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace selvage {

// What sort of trouble this is; the caller's choice of reaction depends on nothing else.
enum class ErrorKind {
  invalid,          // the input is wrong: 400
  unauthenticated,  // no or bad credentials: 401
  no_credits,       // the owner's balance is too small: 402
  forbidden,        // known, but not allowed: 403
  not_found,        // 404
  conflict,         // contradicts what is stored: 409
  too_large,        // over a cap: 413
  unsupported,      // a media type or feature we do not take: 415
  unprocessable,    // well formed, but cannot be acted upon: 422
  rate_limited,     // try later: 429
  cancelled,        // the caller or a shutdown stopped it: 499
  internal,         // a bug or corrupt state: 500
  unavailable,      // a dependency is away, disk full, read-only: 503
  timeout,          // a deadline passed: 504
};

struct Error {
  ErrorKind kind = ErrorKind::internal;
  std::string code;                    // stable, dotted: "egress.address_refused"
  std::string message;                 // what and where, one sentence without a final full stop
  std::string hint;                    // what to do; may be empty
  std::shared_ptr<const Error> cause;  // shared because errors are copied; immutable

  // The same error with `context` said in front: "loading person image: connection refused".
  [[nodiscard]] Error within(std::string_view context) const;
  // Message and causes in one line, for logs and for people; without the hint.
  [[nodiscard]] std::string describe() const;
};

template <class T>
using Result = std::expected<T, Error>;

[[nodiscard]] std::unexpected<Error> fail(ErrorKind kind, std::string code, std::string message,
                                          std::string hint = {});
[[nodiscard]] std::unexpected<Error> fail(Error error);

[[nodiscard]] int http_status(ErrorKind kind);
// 0 is never returned; 2 for wrong usage (invalid), 3 for the environment (unavailable, ...),
// else 1.
[[nodiscard]] int exit_code(ErrorKind kind);
[[nodiscard]] std::string_view name(ErrorKind kind);

// For what only a bug can break. Stays on in release builds: prints the place and aborts.
[[noreturn]] void check_failed(const char* expression, const char* file, int line);

}  // namespace selvage

#define SELVAGE_CHECK(condition) \
  ((condition) ? void() : ::selvage::check_failed(#condition, __FILE__, __LINE__))

// auto v = TRY(f());            in a function that returns Result<U>
// auto v = CO_TRY(co_await f());  in a coroutine whose Task carries Result<U>
// Each use names its variable by a number of its own, so that uses may be nested.
#define SELVAGE_TRY_NAMED_(name, keyword, ...)                   \
  ({                                                             \
    auto name = (__VA_ARGS__);                                   \
    if (!name) keyword std::unexpected(std::move(name.error())); \
    ::selvage::detail::unwrap(std::move(name));                  \
  })
#define SELVAGE_TRY_NUMBERED_(number, keyword, ...) \
  SELVAGE_TRY_NAMED_(selvage_result_##number, keyword, __VA_ARGS__)
#define SELVAGE_TRY_(number, keyword, ...) SELVAGE_TRY_NUMBERED_(number, keyword, __VA_ARGS__)
#define TRY(...) SELVAGE_TRY_(__COUNTER__, return, __VA_ARGS__)
#define CO_TRY(...) SELVAGE_TRY_(__COUNTER__, co_return, __VA_ARGS__)

namespace selvage::detail {
template <class T>
T unwrap(std::expected<T, Error>&& result) {
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}
}  // namespace selvage::detail
