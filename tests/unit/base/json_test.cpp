#include "base/json.hpp"

#include <doctest/doctest.h>

#include <boost/json.hpp>

#include "base/text.hpp"

namespace selvage::json {
namespace {

TEST_CASE("json: what is parsed and dumped is the same value") {
  const char* text =
      R"({"a":[1,-2,3.5,true,null],"b":{"c":"\u20ac \n"},"big":18446744073709551615})";
  const auto parsed = parse(text);
  REQUIRE(parsed.has_value());
  CHECK(parse(dump(*parsed)).value() == *parsed);
}

TEST_CASE("json: syntax errors name the byte where they are") {
  const auto error = [](std::string_view text) {
    const auto parsed = parse(text);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().code == "json.syntax");
    CHECK(parsed.error().kind == ErrorKind::invalid);
    return parsed.error().message;
  };
  CHECK(error(R"({"a":1,})").find("byte 7") != std::string::npos);
  CHECK(error(R"({"a":1} x)").find("byte 8") != std::string::npos);
  CHECK(error("").find("ends too early") != std::string::npos);
  CHECK(error(R"({"a":)").find("ends too early") != std::string::npos);
  error("{'a':1}");
  error("[1,2");
  error("nul");
  error("[01]");
  error("[NaN]");
  error("\"\xFF\"");
  error("\"\xED\xA0\x80\"");
  error(R"("\ud800")");
  error("\"\n\"");
  error("/* c */ 1");
}

TEST_CASE("json: a number that could not be written again is refused, wherever it is") {
  for (const char* text : {"1e999", "-1e999", "277e77777", R"({"a":[{"b":1e301}]})"}) {
    CAPTURE(text);
    const auto parsed = parse(text);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().code == "json.number");
  }
  CHECK(parse("[1e300,-1e300,1e-999]").has_value());
}

TEST_CASE("json: deep nesting is refused before it can exhaust anything") {
  CHECK(parse(std::string(32, '[') + std::string(32, ']')).has_value());
  const auto deep = parse(std::string(100'000, '['));
  REQUIRE_FALSE(deep.has_value());
  CHECK(deep.error().message.find("deeper than 32 levels") != std::string::npos);
}

TEST_CASE("json: a name that stands twice in the outermost object is refused") {
  const auto twice = [](std::string_view text) {
    const auto parsed = parse(text);
    return !parsed && parsed.error().code == "json.duplicate_key";
  };
  CHECK(twice(R"({"credits":1,"credits":2})"));
  CHECK(twice(R"({"credits":1,"credit\u0073":2})"));
  CHECK(twice(R"({ "a" : {"a":1} , "b":[1,{"x":2}], "a" : 3 })"));
  CHECK_FALSE(twice(R"({"a":{"a":1},"b":"\"a\":1,\"a\":2","c":["a","a"],"\\":1})"));
  CHECK_FALSE(twice(R"([{"a":1,"a":2}])"));
  CHECK(parse(R"({"a\"":1,"a\"":2})").error().message.find(R"("a\"")") != std::string::npos);
}

TEST_CASE("Reader: takes what is right") {
  const value v =
      parse(R"({"t":"x","n":3.0,"m":-5,"f":true,"c":"b2b","l":["a","b"],"nil":null})").value();
  Reader r(v, "");
  CHECK(r.text("t", {}) == "x");
  CHECK(r.maybe_text("t", {}) == "x");
  CHECK(r.maybe_text("absent", {}) == std::nullopt);
  CHECK(r.maybe_text("nil", {}) == std::nullopt);
  CHECK(r.integer("n", {.min = 1}) == 3);
  CHECK(r.integer("m", {}) == -5);
  CHECK(r.integer("absent", {}, 7) == 7);
  CHECK(r.integer("nil", {}, 7) == 7);
  CHECK(r.flag("f", false));
  CHECK(r.flag("absent", true));
  CHECK(r.choice("c", {"b2b", "b2c"}) == "b2b");
  CHECK(r.texts("l", 1, 2, {}) == std::vector<std::string>{"a", "b"});
  CHECK(r.texts("absent", 0, 2, {}).empty());
  CHECK(r.raw("f") != nullptr);
  CHECK(r.raw("nil") == nullptr);
  CHECK(r.ok());
  CHECK_FALSE(r.finish().has_value());
}

TEST_CASE("Reader: collects every problem with its path") {
  const value v =
      parse(
          R"({"short":"","long":"xxxxx","n":"3","low":-3,"high":2000,"half":1.5,"c":"foo\u0007","f":1,
               "few":[],"mixed":["a",1,""],"huge":18446744073709551615,"nul":"a\u0000b"})")
          .value();
  Reader r(v, "task");
  (void)r.text("missing", {});
  (void)r.text("short", {});
  (void)r.text("long", {.max = 4});
  (void)r.text("nul", {});
  (void)r.integer("missing_too", {});
  (void)r.integer("n", {}, 0);
  (void)r.integer("low", {.min = 1});
  (void)r.integer("high", {.max = 1000});
  (void)r.integer("half", {});
  (void)r.integer("huge", {.max = 9});
  (void)r.choice("c", {"b2b", "b2c"});
  (void)r.choice("no_choice", {"x", "y"});
  (void)r.choice("f", {"x", "y"});
  (void)r.flag("f", false);
  (void)r.texts("few", 1, 4, {});
  (void)r.texts("mixed", 1, 4, {});
  (void)r.texts("n", 0, 4, {});
  r.problem("own", "must not be on a Sunday");
  const auto error = r.finish();
  REQUIRE(error.has_value());
  CHECK(error->code == "json.invalid");
  CHECK(error->kind == ErrorKind::invalid);
  CHECK(error->message ==
        "task.missing: is required; "
        "task.short: must not be empty; "
        "task.long: must be at most 4 bytes long, is 5; "
        "task.nul: must not hold the character U+0000; "
        "task.missing_too: is required; "
        "task.n: must be an integer, is a string; "
        "task.low: must be at least 1, is -3; "
        "task.high: must be at most 1000, is 2000; "
        "task.half: must be an integer, is 1.5; "
        "task.huge: must be at most 9, is 18446744073709551615; "
        "task.c: must be one of b2b, b2c, is \"foo\\x07\"; "
        "task.no_choice: is required and must be one of x, y; "
        "task.f: must be one of x, y, is a number; "
        "task.f: must be true or false, is a number; "
        "task.few: must have 1 to 4 items, has 0; "
        "task.mixed[1]: must be a string, is a number; "
        "task.mixed[2]: must not be empty; "
        "task.n: must be an array of strings, is a string; "
        "task.own: must not be on a Sunday");
}

TEST_CASE("Reader: what is no object is the one problem reported") {
  const value v = parse("[1,2]").value();
  Reader r(v, "");
  CHECK(r.text("a", {}).empty());
  CHECK(r.integer("b", {}) == 0);
  CHECK(r.choice("c", {"x"}).empty());
  CHECK(r.texts("d", 1, 2, {}).empty());
  CHECK(r.finish()->message == "the JSON value: must be an object, is an array");
}

TEST_CASE("Reader: doubles outside the range of integers are refused, not wrapped") {
  const value v =
      parse(R"({"a":1e19,"b":-1e19,"c":9223372036854775808.0,"d":-9223372036854775808.0})").value();
  Reader r(v, "");
  for (const char* key : {"a", "b", "c"}) (void)r.integer(key, {});
  CHECK(split(r.finish()->message, ';').size() == 3);
  CHECK(r.integer("d", {}) == INT64_MIN);
}

TEST_CASE("Reader: a flood of problems is cut") {
  array many(10'000);
  const value v = object{{"l", many}};
  Reader r(v, "");
  (void)r.texts("l", 0, 20'000, {});
  const auto error = r.finish();
  CHECK(error->message.size() < 5'000);
  CHECK(error->message.ends_with("and more"));
}

}  // namespace
}  // namespace selvage::json
