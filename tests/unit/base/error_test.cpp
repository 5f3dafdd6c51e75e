#include "base/error.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace selvage {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return fail(ErrorKind::invalid, "test.odd", "the number is odd");
  return number / 2;
}

Result<void> must_be_even(int number) {
  TRY(half(number));
  return {};
}

Result<int> quarter(int number) { return TRY(half(TRY(half(number)))); }

Result<int> sum_of_halves(const std::vector<int>& numbers) {
  int sum = 0;
  for (const int number : numbers) sum += TRY(half(number));
  return sum;
}

Result<std::unique_ptr<int>> boxed(int number) { return std::make_unique<int>(TRY(half(number))); }

Result<int> unboxed(int number) {
  const auto box = TRY(boxed(number));
  return *box;
}

TEST_CASE("TRY: gives the value, or returns the error of the innermost call that failed") {
  CHECK(quarter(12).value() == 3);
  CHECK(quarter(6).error().code == "test.odd");
  CHECK(quarter(5).error().code == "test.odd");
  CHECK(must_be_even(2).has_value());
  CHECK_FALSE(must_be_even(3).has_value());
  CHECK(sum_of_halves({2, 4, 6}).value() == 6);
  CHECK_FALSE(sum_of_halves({2, 3, 6}).has_value());
}

TEST_CASE("TRY: moves values that cannot be copied") {
  CHECK(unboxed(8).value() == 4);
  CHECK_FALSE(unboxed(9).has_value());
}

TEST_CASE("Error: within() says where, and leaves code, kind and hint alone") {
  const Error inner{ErrorKind::timeout, "net.timeout", "no answer in 5s", "Try again.", nullptr};
  const Error outer = inner.within("loading person image");
  CHECK(outer.message == "loading person image: no answer in 5s");
  CHECK(outer.code == "net.timeout");
  CHECK(outer.kind == ErrorKind::timeout);
  CHECK(outer.hint == "Try again.");
}

TEST_CASE("Error: describe() joins the chain of causes in one line") {
  const auto cause =
      std::make_shared<const Error>(Error{ErrorKind::internal, "a", "disk full", {}, nullptr});
  const auto middle =
      std::make_shared<const Error>(Error{ErrorKind::internal, "b", "cannot write", {}, cause});
  const Error outer{ErrorKind::unavailable, "c", "saving failed", "Free some space.", middle};
  CHECK(outer.describe() == "saving failed: cannot write: disk full");
}

TEST_CASE("ErrorKind: each has an HTTP status of an error, an exit code above 0 and a name") {
  for (int i = 0; i <= static_cast<int>(ErrorKind::timeout); ++i) {
    const auto kind = static_cast<ErrorKind>(i);
    CHECK(http_status(kind) >= 400);
    CHECK(http_status(kind) < 600);
    CHECK(exit_code(kind) >= 1);
    CHECK(exit_code(kind) <= 3);
    CHECK_FALSE(name(kind).empty());
  }
  CHECK(http_status(ErrorKind::no_credits) == 402);
  CHECK(exit_code(ErrorKind::invalid) == 2);
  CHECK(exit_code(ErrorKind::unavailable) == 3);
}

}  // namespace
}  // namespace selvage
