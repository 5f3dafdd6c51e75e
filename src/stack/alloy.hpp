// Grafana Alloy configuration: blocks with labels, attributes with their expressions. Expressions
// are kept as text; those that are objects or strings can be looked into. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stack/problem.hpp"

namespace selvage::stack {

struct AlloyAttribute {
  std::string name;
  Span name_span;
  Span expression;  // without blanks around it
};

struct AlloyBlock {
  std::string name;   // "loki.source.docker", "stage.json"
  std::string label;  // empty without one
  std::vector<AlloyAttribute> attributes;
  std::vector<AlloyBlock> blocks;
  Span span;
  Span name_span;

  [[nodiscard]] const AlloyAttribute* attribute(std::string_view attribute_name) const;
  // The first block of that name directly in this one, nullptr when there is none.
  [[nodiscard]] const AlloyBlock* block(std::string_view block_name) const;
};

struct AlloyEntry {  // of an object: { level = "", "request-id" = "x" }
  std::string key;
  Span key_span;
  Span value;
};

struct AlloyFile {
  TextPtr text;
  AlloyBlock root;  // nameless; its blocks are the components
  std::vector<Problem> problems;
};

// Blocks deeper than 32 are a problem and not read.
[[nodiscard]] AlloyFile parse_alloy(TextPtr text);

// The entries of an expression that is an object written out; empty for any other.
[[nodiscard]] std::vector<AlloyEntry> alloy_object(const Span& expression);
// The value of an expression that is one string; nullopt for any other.
[[nodiscard]] std::optional<std::string> alloy_string(const Span& expression);

}  // namespace selvage::stack
