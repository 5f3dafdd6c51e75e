#include "stack/edit.hpp"

#include <doctest/doctest.h>

#include <string>

namespace selvage::stack {
namespace {

struct File {
  explicit File(std::string bytes)
      : document(std::move(parse_yaml(std::make_shared<const Text>("a.yaml", std::move(bytes)),
                                      {.merge_keys = false})
                               ->front())),
        edits(document) {}
  std::string result() {
    auto text = edits.apply();
    return text ? *text : "error: " + text.error().code;
  }
  Document document;
  Edits edits;
};

constexpr const char* kStack = R"(# head
x-common: &common   # shared by all
  restart: "no"   # quoted

services:
  api:   # the api
    <<: *common
    image: 'api:${TAG:-1}'   # keep me
    # above ports
    ports:
      - "8080:80"   # web
      - 81

    environment: {A: 1, B: "two"}

  # the worker
  worker:
    image: w
    command: |
      one
      two
    labels:
    networks: *nothing
)";

std::string stack() {
  std::string text = kStack;
  text.replace(text.find(" *nothing"), 9, " [n]");
  return text;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const std::size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), by);
}

TEST_CASE("Edits: no change gives the same bytes") {
  File file(stack());
  CHECK(file.result() == stack());
}

TEST_CASE("Edits: a value changes and nothing beside it") {
  File file(stack());
  REQUIRE(file.edits.set({"services", "api", "image"}, "\"api:2\"").has_value());
  REQUIRE(file.edits.set({"services", "api", "ports", "0"}, "\"127.0.0.1:8080:80\"").has_value());
  REQUIRE(file.edits.set({"services", "api", "environment", "A"}, "9").has_value());
  std::string wanted = replaced(stack(), "'api:${TAG:-1}'", "\"api:2\"");
  wanted = replaced(wanted, "\"8080:80\"", "\"127.0.0.1:8080:80\"");
  CHECK(file.result() == replaced(wanted, "A: 1", "A: 9"));
}

TEST_CASE("Edits: members and elements are added in the style that is there") {
  File file(stack());
  REQUIRE(file.edits.add({"services", "api", "environment"}, "C", "3").has_value());
  REQUIRE(file.edits.append({"services", "api", "ports"}, "\"82\"").has_value());
  REQUIRE(file.edits.add({"services", "worker"}, "read_only", "true").has_value());
  REQUIRE(file.edits.add({"services", "worker", "labels"}, "a", "b").has_value());
  REQUIRE(file.edits.append({"services", "worker", "networks"}, "m").has_value());
  REQUIRE(file.edits.add({"services"}, "cache", "image: c\ndeploy:\n  replicas: 1").has_value());
  std::string wanted = replaced(stack(), "B: \"two\"}", "B: \"two\", C: 3}");
  wanted = replaced(wanted, "      - 81\n", "      - 81\n      - \"82\"\n");
  wanted = replaced(wanted, "[n]\n",
                    "[n, m]\n    read_only: true\n  cache:\n    image: c\n    deploy:\n      "
                    "replicas: 1\n");
  CHECK(file.result() == replaced(wanted, "labels:\n", "labels:\n      a: b\n"));
}

TEST_CASE("Edits: what is removed takes its line along, and leaves comments above it") {
  File file(stack());
  REQUIRE(file.edits.remove({"services", "api", "ports", "0"}).has_value());
  REQUIRE(file.edits.remove({"services", "api", "environment", "B"}).has_value());
  REQUIRE(file.edits.remove({"services", "worker", "command"}).has_value());
  REQUIRE(file.edits.remove({"services", "worker", "networks", "0"}).has_value());
  std::string wanted = replaced(stack(), "      - \"8080:80\"   # web\n", "");
  wanted = replaced(wanted, ", B: \"two\"", "");
  wanted = replaced(wanted, "    command: |\n      one\n      two\n", "");
  CHECK(file.result() == replaced(wanted, "[n]", "[]"));
}

TEST_CASE("Edits: blocks become flow and flow becomes blocks") {
  File file(stack());
  REQUIRE(file.edits.set({"services", "api", "ports"}, "[\"1:1\"]").has_value());
  REQUIRE(file.edits.set({"services", "api", "environment"}, "A: 1\nB: 2").has_value());
  const std::string wanted =
      replaced(stack(), "ports:\n      - \"8080:80\"   # web\n      - 81", "ports: [\"1:1\"]");
  CHECK(file.result() == replaced(wanted, "environment: {A: 1, B: \"two\"}",
                                  "environment:\n      A: 1\n      B: 2"));
}

TEST_CASE("Edits: a value that others name through an anchor is not changed behind their backs") {
  const std::string text = "x: &x {a: 1}\ny: *x\nz: *x\n";
  File file(text);
  const auto refused = file.edits.set({"x", "a"}, "2");
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == "edit.shared");
  CHECK(refused.error().message.starts_with("a.yaml:1:11: "));
  REQUIRE(file.edits.set({"y"}, "{b: 1}").has_value());
  CHECK(file.result() == "x: &x {a: 1}\ny: {b: 1}\nz: *x\n");

  File shared(text);
  REQUIRE(shared.edits.shared(true).set({"x", "a"}, "2").has_value());
  CHECK(shared.result() == "x: &x {a: 2}\ny: *x\nz: *x\n");
}

TEST_CASE("Edits: what would change something else is refused") {
  File overlap("a: {b: 1}\n");
  REQUIRE(overlap.edits.set({"a"}, "1").has_value());
  CHECK_FALSE(overlap.edits.set({"a", "b"}, "2").has_value());
  File missing("a: {b: 1}\n");
  CHECK(missing.edits.set({"a", "c"}, "2").error().code == "edit.path");
  CHECK(missing.edits.add({"a"}, "b", "2").error().code == "edit.key");
  CHECK(missing.edits.set({"a"}, "[").error().code == "yaml.syntax");
  // lines of a block in the middle of a flow
  File flow("a: {b: 1, c: 2}\n");
  REQUIRE(flow.edits.set({"a", "b"}, "d: 1\ne: 2").has_value());
  CHECK(flow.result() == "error: edit.changed");
}

TEST_CASE("Edits: lines of Windows, lists of mappings, no newline at the end") {
  File windows("a:\r\n  b: 1\r\nc: 2\r\n");
  REQUIRE(windows.edits.add({"a"}, "d", "3").has_value());
  CHECK(windows.result() == "a:\r\n  b: 1\r\n  d: 3\r\nc: 2\r\n");
  File list("l:\n- a: 1\n  b: 2\n- c: 3\n  d: 4");
  REQUIRE(list.edits.remove({"l", "0", "a"}).has_value());
  REQUIRE(list.edits.add({"l", "1"}, "e", "5").has_value());
  CHECK(list.result() == "l:\n- b: 2\n- c: 3\n  d: 4\n  e: 5");
}

TEST_CASE("Edits: texts are quoted when they need it") {
  CHECK(yaml_text("alpine") == "alpine");
  for (const char* text : {"yes", "1", "", "a: b", "# a", "0x1", "~", "a\nb", "*a", "\"", " a",
                           "\x01", "\xC2\x82", "\xEF\xBB\xBF", "\xC3\xA4"}) {
    CAPTURE(text);
    CHECK(parse_yaml(std::make_shared<const Text>("t", "k: " + yaml_text(text)))
              ->front()
              .root.find("k")
              ->text == text);
    CHECK(yaml_text(text).starts_with('"'));
  }
}

}  // namespace
}  // namespace selvage::stack
