#include "data/object_storage.hpp"

#include <doctest/doctest.h>

using namespace selvage;
using namespace selvage::data;

TEST_CASE("Object keys: plain relative paths are taken") {
  for (const std::string& key :
       {std::string("a"), std::string("results/0192-ab/1.jpg"), std::string("A-b_c.d/e"),
        std::string("a.b.c"), std::string("-x/--y"), std::string(255, 'a'),
        std::string(255, 'a') + "/" + std::string(255, 'b')}) {
    CAPTURE(key);
    CHECK(check_key(key).has_value());
  }
}

TEST_CASE("Object keys: nothing that could lead out of the root or collide with our own files") {
  const std::string_view keys[] = {"",
                                   "/",
                                   "/etc/passwd",
                                   "..",
                                   "../a",
                                   "a/..",
                                   "a/../b",
                                   "a/..b",
                                   "a..b",
                                   ".",
                                   "./a",
                                   "a/./b",
                                   "a//b",
                                   "a/",
                                   "//",
                                   "a\\b",
                                   "a\\..\\b",
                                   "%2e%2e/a",
                                   "a%2fb",
                                   "a b",
                                   "a\tb",
                                   "a\nb",
                                   "a:b",
                                   "C:/x",
                                   "~/x",
                                   "a?b",
                                   "a#b",
                                   "\xc3\xa9",
                                   "a\xff",
                                   ".tmp/x",
                                   ".hidden",
                                   "a/.tmp/b",
                                   "a/.b",
                                   "\xef\xbc\x8e.",
                                   "a*",
                                   "$(x)",
                                   "a|b",
                                   "'a'",
                                   "\"a\"",
                                   "a,b",
                                   "a;b",
                                   "a&b",
                                   std::string_view("a\0b", 3),
                                   std::string_view("\0", 1),
                                   std::string_view("a/..\0", 5)};
  for (const std::string_view key : keys) {
    CAPTURE(key);
    const auto checked = check_key(key);
    REQUIRE_FALSE(checked.has_value());
    CHECK(checked.error().code == "storage.key");
    CHECK(checked.error().kind == ErrorKind::invalid);
  }
  CHECK_FALSE(check_key(std::string(256, 'a')).has_value());
  std::string deep;
  while (deep.size() < 512) deep += "a/";
  CHECK_FALSE(check_key(deep + "a").has_value());
  CHECK(check_key(deep.substr(0, 511)).has_value());
}

TEST_CASE("Object keys: the extension decides the media type") {
  CHECK(media_type_of_key("a/b.jpg") == "image/jpeg");
  CHECK(media_type_of_key("b.JPEG") == "image/jpeg");
  CHECK(media_type_of_key("b.png") == "image/png");
  CHECK(media_type_of_key("b.webp") == "image/webp");
  CHECK(media_type_of_key("b.svg") == "application/octet-stream");
  CHECK(media_type_of_key("a.png/b") == "application/octet-stream");
  CHECK(media_type_of_key("png") == "application/octet-stream");
}
