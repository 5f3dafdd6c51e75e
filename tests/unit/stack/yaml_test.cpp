#include "stack/yaml.hpp"

#include <doctest/doctest.h>

#include <string>

namespace selvage::stack {
namespace {

Result<std::vector<Document>> parse(std::string bytes, const YamlOptions& options = {}) {
  return parse_yaml(std::make_shared<const Text>("a.yaml", std::move(bytes)), options);
}

Document only(std::string bytes, const YamlOptions& options = {}) {
  auto documents = parse(std::move(bytes), options);
  if (!documents) FAIL(documents.error().message);
  REQUIRE(documents->size() == 1);
  return std::move(documents->front());
}

std::string problem(std::string bytes, const YamlOptions& options = {}) {
  const auto documents = parse(std::move(bytes), options);
  REQUIRE_FALSE(documents.has_value());
  return documents.error().message;
}

TEST_CASE("YAML: every value knows its line, column and bytes, behind a mark and beyond ASCII") {
  const Document document = only(
      "\xEF\xBB\xBF# Größe\nservices:\n  \"wörk\": # é\n    image: 'ä:1'   # ü\n    ports: [80, "
      "\"ö\"]\n    command: |\n      é\n      b\n\n    tail: &x !!str 12\n");
  const Node* image = document.root.at({"services", "wörk", "image"});
  REQUIRE(image != nullptr);
  CHECK(image->text == "ä:1");
  CHECK(image->span.where() == "a.yaml:4:12");
  CHECK(image->span.bytes() == "'ä:1'");
  CHECK(image->style == Style::single_quoted);
  const Node* port = document.root.at({"services", "wörk", "ports", "1"});
  REQUIRE(port != nullptr);
  CHECK(port->span.bytes() == "\"ö\"");
  CHECK(port->span.where() == "a.yaml:5:17");
  CHECK(document.root.at({"services", "wörk", "ports"})->span.bytes() == "[80, \"ö\"]");
  CHECK(document.root.find("services")->entry("wörk")->key_span.bytes() == "\"wörk\"");
  CHECK(document.root.at({"services", "wörk", "command"})->span.bytes() == "|\n      é\n      b");
  const Node* tail = document.root.at({"services", "wörk", "tail"});
  CHECK(tail->span.bytes() == "12");
  CHECK(tail->is_string());
  CHECK(tail->anchor == "x");
  CHECK(document.root.span.bytes().ends_with("12"));
}

TEST_CASE("YAML: plain scalars are typed as Compose's reader types them") {
  const auto kind = [](std::string_view text) { return plain_scalar(text).kind; };
  for (const char* text : {"true", "True", "FALSE"}) CHECK(kind(text) == Kind::boolean);
  for (const char* text : {"", "~", "null", "NULL"}) CHECK(kind(text) == Kind::null);
  for (const char* text : {"yes", "no", "on", "Off", "y", "22:22", "1.2.3", "0x", "- ", "inf", "+",
                           ".", "tRUE", "1e", "0b2", "nan", "8080:80/tcp"}) {
    CAPTURE(text);
    CHECK(kind(text) == Kind::string);
  }
  CHECK(plain_scalar("0777").integer == 511);
  CHECK(plain_scalar("0o17").integer == 15);
  CHECK(plain_scalar("-0x1F").integer == -31);
  CHECK(plain_scalar("1_000").integer == 1000);
  CHECK(plain_scalar("+7").integer == 7);
  CHECK(plain_scalar("0778").kind == Kind::floating);
  CHECK(plain_scalar("0778").number == 778);
  CHECK(plain_scalar("1.50").number == 1.5);
  CHECK(plain_scalar("1.50").text == "1.50");
  CHECK(plain_scalar(".5").number == 0.5);
  CHECK(plain_scalar("1e3").number == 1000);
  CHECK(plain_scalar("-.inf").number < 0);
}

TEST_CASE("YAML: an alias is a copy that says where it stands and what it names") {
  const Document document = only("a: &x {k: v}\nb: *x\nc: [*x]\n");
  const Node* b = document.root.find("b");
  REQUIRE(b->is_mapping());
  CHECK(b->span.where() == "a.yaml:1:7");
  REQUIRE(b->origin != nullptr);
  CHECK(b->origin->step == Step::alias);
  CHECK(b->origin->where.where() == "a.yaml:2:4");
  CHECK(same_value(*b, *document.root.find("a")));
}

TEST_CASE("YAML: merge keys add what the mapping lacks; the first of several wins") {
  const Document document = only(
      "x: &x {a: 1, b: 2, l: [1]}\ny: &y {b: 3, c: 4}\nr:\n  <<: [*x, *y]\n  a: 0\n  l: []\n"
      "s: {\"<<\": 1}\n");
  const Node& r = *document.root.find("r");
  CHECK(r.entries.size() == 4);
  CHECK(r.find("a")->integer == 0);
  CHECK(r.find("b")->integer == 2);
  CHECK(r.find("c")->integer == 4);
  CHECK(r.find("l")->items.empty());
  REQUIRE(r.find("c")->origin != nullptr);
  CHECK(r.find("c")->origin->step == Step::merge_key);
  CHECK(r.find("c")->origin->where.where() == "a.yaml:4:12");
  CHECK(document.root.find("s")->find("<<")->integer == 1);
  CHECK(problem("a: {<<: 3}\n").starts_with("a.yaml:1:9: `<<` takes a mapping"));
}

TEST_CASE("YAML: what is wrong is said with its place") {
  CHECK(problem("a: 1\nb: 2\na: 3\n") == "a.yaml:3:1: the key \"a\" is already at a.yaml:1:1");
  CHECK(problem("a: *x\n").starts_with("a.yaml:1:4: there is no anchor \"x\""));
  CHECK(problem("a: &x [*x]\n").starts_with("a.yaml:1:8: the alias \"x\" stands inside"));
  CHECK(problem("a:\n\t- b\n").starts_with("a.yaml:2:1: "));
  CHECK(problem("a: \"b\n").starts_with("a.yaml:"));
  CHECK(problem("a: b\nc: \xff\n").starts_with("a.yaml:2:4: the byte 0xff is not UTF-8"));
  CHECK(problem("a: \x01\n").starts_with("a.yaml:1:4: "));
  CHECK(problem("? [a]\n: b\n").starts_with("a.yaml:1:3: a key must be"));
  CHECK(problem("80: a\n", {.string_keys = true}) == "a.yaml:1:1: the key \"80\" is not a text");
}

TEST_CASE("YAML: hostile files end in an error before memory does") {
  std::string laughs = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i) {
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) laughs += (k > 0 ? ",*a" : "*a") + std::to_string(i - 1);
    laughs += "]\n";
  }
  CHECK(problem(laughs).contains("more than 100000 values once its aliases are expanded"));
  CHECK(problem(std::string(100'000, '[')).starts_with("a.yaml:1:65: values are nested deeper"));
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  CHECK(problem(deep).contains("values are nested deeper than 64 levels"));
  CHECK(problem("a: " + std::string(2 << 20, 'x')).contains("a text is longer than"));
  std::string chain = "a0: &a0 {x: y}\n";
  for (int i = 1; i < 100; ++i) {
    const std::string n = std::to_string(i);
    chain += "a" + n + ": &a" + n + " {k: *a" + std::to_string(i - 1) + "}\n";
  }
  CHECK(problem(chain).contains("nested deeper than 64 levels once aliases"));
  std::string merges = "a: &a {";
  for (int i = 0; i < 500; ++i) merges += "k" + std::to_string(i) + ": 1,";
  merges += "}\n";
  for (int i = 0; i < 190; ++i) merges += "m" + std::to_string(i) + ": {<<: *a}\n";
  CHECK(parse(merges).has_value());
  std::string many;
  for (int i = 0; i < 20'000; ++i) many += "k" + std::to_string(i) + ": 1\n";
  CHECK(only(many).root.entries.size() == 20'000);
}

TEST_CASE("YAML: several documents, empty files and empty documents") {
  CHECK(parse("")->empty());
  CHECK(parse("# nothing\n")->empty());
  CHECK(parse("a: 1\n---\nb: 2\n...\n")->size() == 2);
  CHECK(only("---\n").root.is_null());
}

}  // namespace
}  // namespace selvage::stack
