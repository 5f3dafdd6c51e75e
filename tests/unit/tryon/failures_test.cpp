#include "tryon/detail/failures.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace selvage;
using namespace selvage::tryon;

TEST_CASE("Failures: every code is there once and speaks to shoppers without jargon") {
  std::set<std::string_view> codes;
  for (const tryon::detail::FailureRow& row : tryon::detail::failure_rows()) {
    CHECK(codes.insert(row.code).second);
    CHECK(row.message.ends_with("."));
    for (const std::string_view jargon : {"429", "5xx", "HTTP", "session", "provider", "API"}) {
      CHECK_MESSAGE(!row.message.contains(jargon), row.code);
    }
  }
}

TEST_CASE("Failures: a moderation block asks for a different photo and keeps the details inside") {
  const SessionFailure failure = tryon::detail::failure_of(
      {ProviderFailure::moderation, "safety_violations=[sexual]", std::nullopt, "req_9"});
  CHECK(failure.code == "moderation_blocked");
  CHECK(failure.message.contains("We couldn't create this picture because"));
  CHECK(failure.message.contains("try a different photo"));
  CHECK_FALSE(failure.message.contains("sexual"));
  CHECK(failure.detail.contains("safety_violations"));
  CHECK(failure.detail.contains("req_9"));
}

TEST_CASE("Failures: each trouble with an input has its code") {
  const auto code = [](std::string error) {
    return tryon::detail::failure_of_input({ErrorKind::invalid, std::move(error), "m", {}, nullptr},
                                           "x")
        .code;
  };
  CHECK(code("egress.address_refused") == "input_refused");
  CHECK(code("egress.scheme_refused") == "input_refused");
  CHECK(code("url.userinfo") == "input_refused");
  CHECK(code("egress.too_large") == "input_too_large");
  CHECK(code("image.too_many_pixels") == "input_too_large");
  CHECK(code("egress.type_refused") == "input_not_a_picture");
  CHECK(code("egress.type_mismatch") == "input_not_a_picture");
  CHECK(code("image.unsupported_format") == "input_not_a_picture");
  CHECK(code("image.truncated") == "input_damaged");
  CHECK(code("egress.timeout") == "input_unreachable");
  CHECK(code("egress.redirect") == "input_unreachable");
  CHECK(code("storage.not_found") == "input_gone");
  CHECK(code("surprise") == "internal");
}

TEST_CASE("Failures: what is ours and away is waited for, a user's dead link is not") {
  const auto waits = [](ErrorKind kind, std::string code) {
    return tryon::detail::is_infrastructure({kind, std::move(code), "m", {}, nullptr});
  };
  CHECK(waits(ErrorKind::unavailable, "db.full"));
  CHECK(waits(ErrorKind::unavailable, "db.busy"));
  CHECK(waits(ErrorKind::unavailable, "storage.full"));
  CHECK(waits(ErrorKind::unavailable, "pool.full"));
  CHECK(waits(ErrorKind::unavailable, "redis.full"));
  CHECK(waits(ErrorKind::timeout, "redis.timeout"));
  CHECK(waits(ErrorKind::rate_limited, "redis.busy"));
  CHECK_FALSE(waits(ErrorKind::internal, "redis.reply"));
  CHECK_FALSE(waits(ErrorKind::not_found, "storage.not_found"));
  CHECK_FALSE(waits(ErrorKind::timeout, "egress.timeout"));
  CHECK_FALSE(waits(ErrorKind::unavailable, "egress.connect"));
}
