#include "stack/alloy.hpp"

#include <doctest/doctest.h>

#include <string>

namespace selvage::stack {
namespace {

AlloyFile parse(std::string bytes) {
  return parse_alloy(std::make_shared<const Text>("config.alloy", std::move(bytes)));
}

constexpr const char* kPipeline = R"(// logs
discovery.docker "all" { host = "unix:///var/run/docker.sock" }
/* and
   what becomes of them */
loki.process "json" {
  stage.json { expressions = { level = "", "request-id" = `x{y`, event = "", } }
  stage.labels {
    values = {
      level = "", // only this
    }
  }
  forward_to = [
    loki.write.loki.receiver,
  ]
}
)";

TEST_CASE("Alloy: components, labels, blocks within, attributes") {
  const AlloyFile file = parse(kPipeline);
  CHECK(file.problems.empty());
  REQUIRE(file.root.blocks.size() == 2);
  CHECK(file.root.blocks[0].name == "discovery.docker");
  CHECK(file.root.blocks[0].label == "all");
  CHECK(alloy_string(file.root.blocks[0].attribute("host")->expression) ==
        "unix:///var/run/docker.sock");
  const AlloyBlock* process = file.root.block("loki.process");
  REQUIRE(process != nullptr);
  CHECK(process->block("stage.labels") != nullptr);
  CHECK(process->block("stage.drop") == nullptr);
  CHECK(process->attribute("forward_to")->name_span.where() == "config.alloy:12:3");
  CHECK(process->attribute("forward_to")->expression.bytes() ==
        "[\n    loki.write.loki.receiver,\n  ]");
  CHECK(process->span.place().line == 5);
}

TEST_CASE("Alloy: objects can be looked into") {
  const AlloyFile file = parse(kPipeline);
  const AlloyBlock* process = file.root.block("loki.process");
  const auto json =
      alloy_object(process->block("stage.json")->attribute("expressions")->expression);
  REQUIRE(json.size() == 3);
  CHECK(json[1].key == "request-id");
  CHECK(alloy_string(json[1].value) == "x{y");
  CHECK(json[2].key_span.where() == "config.alloy:6:66");
  const auto labels = alloy_object(process->block("stage.labels")->attribute("values")->expression);
  REQUIRE(labels.size() == 1);
  CHECK(labels[0].value.bytes() == "\"\"");
  CHECK(alloy_object(process->attribute("forward_to")->expression).empty());
  CHECK_FALSE(alloy_string(process->attribute("forward_to")->expression).has_value());
}

TEST_CASE("Alloy: what is wrong, and where") {
  const auto first = [](std::string bytes) {
    const AlloyFile file = parse(std::move(bytes));
    REQUIRE_FALSE(file.problems.empty());
    return file.problems[0].span.where() + ": " + file.problems[0].message;
  };
  CHECK(first("a {\n x = 1\n").contains("1:1: the block \"a\" is never closed"));
  CHECK(first("a {\n x =\n}\n").contains("2:2: \"x\" has no value"));
  CHECK(first("a b\n").contains("'=' or a block is expected behind \"a\""));
  CHECK(first("a {}\n}\n").contains("2:1: a '}' closes no block"));
  CHECK(first("\"x\" {}\n").contains("is expected here"));
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "a {";
  CHECK(first(deep).contains("nested too deep"));
}

}  // namespace
}  // namespace selvage::stack
