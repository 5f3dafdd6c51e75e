#include "base/error.hpp"

#include <cstdio>
#include <cstdlib>

namespace selvage {

Error Error::within(std::string_view context) const {
  Error outer = *this;
  outer.message = std::string(context) + ": " + message;
  return outer;
}

std::string Error::describe() const {
  std::string text = message;
  for (const Error* inner = cause.get(); inner != nullptr; inner = inner->cause.get()) {
    text += ": ";
    text += inner->message;
  }
  return text;
}

std::unexpected<Error> fail(ErrorKind kind, std::string code, std::string message,
                            std::string hint) {
  return std::unexpected(
      Error{kind, std::move(code), std::move(message), std::move(hint), nullptr});
}

std::unexpected<Error> fail(Error error) { return std::unexpected(std::move(error)); }

int http_status(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid:
      return 400;
    case ErrorKind::unauthenticated:
      return 401;
    case ErrorKind::no_credits:
      return 402;
    case ErrorKind::forbidden:
      return 403;
    case ErrorKind::not_found:
      return 404;
    case ErrorKind::conflict:
      return 409;
    case ErrorKind::too_large:
      return 413;
    case ErrorKind::unsupported:
      return 415;
    case ErrorKind::unprocessable:
      return 422;
    case ErrorKind::rate_limited:
      return 429;
    case ErrorKind::cancelled:
      return 499;
    case ErrorKind::internal:
      return 500;
    case ErrorKind::unavailable:
      return 503;
    case ErrorKind::timeout:
      return 504;
  }
  return 500;
}

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid:
    case ErrorKind::unsupported:
      return 2;
    case ErrorKind::unavailable:
    case ErrorKind::timeout:
    case ErrorKind::internal:
      return 3;
    case ErrorKind::unauthenticated:
    case ErrorKind::no_credits:
    case ErrorKind::forbidden:
    case ErrorKind::not_found:
    case ErrorKind::conflict:
    case ErrorKind::too_large:
    case ErrorKind::unprocessable:
    case ErrorKind::rate_limited:
    case ErrorKind::cancelled:
      return 1;
  }
  return 1;
}

std::string_view name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid:
      return "invalid";
    case ErrorKind::unauthenticated:
      return "unauthenticated";
    case ErrorKind::no_credits:
      return "no_credits";
    case ErrorKind::forbidden:
      return "forbidden";
    case ErrorKind::not_found:
      return "not_found";
    case ErrorKind::conflict:
      return "conflict";
    case ErrorKind::too_large:
      return "too_large";
    case ErrorKind::unsupported:
      return "unsupported";
    case ErrorKind::unprocessable:
      return "unprocessable";
    case ErrorKind::rate_limited:
      return "rate_limited";
    case ErrorKind::cancelled:
      return "cancelled";
    case ErrorKind::internal:
      return "internal";
    case ErrorKind::unavailable:
      return "unavailable";
    case ErrorKind::timeout:
      return "timeout";
  }
  return "internal";
}

void check_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "bug: %s does not hold at %s:%d\n", expression, file, line);
  std::abort();
}

}  // namespace selvage
