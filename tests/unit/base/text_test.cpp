#include "base/text.hpp"

#include <doctest/doctest.h>

#include "base/printable.hpp"

namespace selvage {
namespace {

TEST_CASE("text: trim, split and join keep what lies between") {
  CHECK(trim(" \t a b\r\n") == "a b");
  CHECK(trim(" \n ").empty());
  CHECK(split("a,,b", ',') == std::vector<std::string_view>{"a", "", "b"});
  CHECK(split("", ',').size() == 1);
  CHECK(split(",", ',').size() == 2);
  CHECK(join(std::vector<std::string>{"a", "", "b"}, ", ") == "a, , b");
  CHECK(join({}, ", ").empty());
}

TEST_CASE("text: case is folded for ASCII only") {
  CHECK(to_lower_ascii("Content-TYPE \xC3\x84") == "content-type \xC3\x84");
  CHECK(equals_icase("Retry-After", "retry-after"));
  CHECK_FALSE(equals_icase("a", "ab"));
  CHECK(starts_with_icase("Bearer abc", "bearer "));
  CHECK_FALSE(starts_with_icase("Bear", "bearer "));
}

TEST_CASE("text: well-formed UTF-8 follows the Unicode table") {
  CHECK(is_valid_utf8("plain"));
  CHECK(is_valid_utf8("\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80 \xF4\x8F\xBF\xBF"));
  CHECK(is_valid_utf8(std::string_view("\0", 1)));
  for (const char* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80",
                          "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
                          "\xF5\x80\x80\x80", "\xFF", "\xE2\x82", "\xC3", "\xF0\x9F\x98"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_valid_utf8(bad));
  }
}

TEST_CASE("mended_utf8: keeps what is text and marks what is not") {
  CHECK(mended_utf8("plain \xC3\xA9") == "plain \xC3\xA9");
  CHECK(mended_utf8(std::string_view("a\0b", 3)) == "a\uFFFDb");
  CHECK(mended_utf8("\xFF\xC3") == "\uFFFD\uFFFD");
  CHECK(mended_utf8("").empty());
}

TEST_CASE("text: percent coding turns every byte sequence into unreserved characters and back") {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  const std::string encoded = percent_encode(all);
  CHECK(encoded.find_first_of(" /?#&=+:@\"<>") == std::string::npos);
  CHECK(percent_decode(encoded).value() == all);
  CHECK(percent_encode("a/b c", "/") == "a/b%20c");
  CHECK(percent_decode("a+b%2B").value() == "a+b+");
}

TEST_CASE("text: a percent sign without two hex digits is refused with its place") {
  for (const char* bad : {"%", "a%2", "%zz", "%2g", "100%"}) {
    CAPTURE(bad);
    const auto decoded = percent_decode(bad);
    REQUIRE_FALSE(decoded.has_value());
    CHECK(decoded.error().code == "text.percent");
  }
  CHECK(percent_decode("100%").error().message.find("byte 3") != std::string::npos);
}

TEST_CASE("text: hostile input is shown short and without control characters") {
  CHECK(printable("{\"a\": \"\xC3\xA9\x1b[31m\xFF\"}") == "{\"a\": \"\xC3\xA9\\x1b[31m\\xff\"}");
  CHECK(in_quotes("ab\"c\\") == R"("ab\"c\\")");
  CHECK(in_quotes("\x1b[31m\n") == R"("\x1b[31m\x0a")");
  CHECK(in_quotes("\xFF\xC2\x9B") == R"("\xff\xc2\x9b")");
  const std::string shown = in_quotes(std::string(1'000'000, 'x'));
  CHECK(shown.size() < 100);
  CHECK(shown.ends_with("...\""));
  CHECK(is_valid_utf8(in_quotes("\xE2\x82\xAC\xE2\x82")));
}

}  // namespace
}  // namespace selvage
