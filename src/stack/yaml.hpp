// YAML as Compose reads it: libyaml's events put together to trees whose every node has its bytes.
//
// Scalars are typed as go-yaml v3 does, which Compose uses: true, True and TRUE are booleans, yes,
// no, on and off are strings, 0777 and 0o777 are octal, 1_000 is 1000, 22:22 is a string. A
// byte-order mark and several documents are fine. Hostile input ends in an error with its place:
// time and memory are bounded by the limits below.
#pragma once

#include <string_view>
#include <vector>

#include "stack/node.hpp"

namespace selvage::stack {

struct YamlOptions {
  std::size_t max_depth = 64;
  std::size_t max_nodes = 100'000;   // after aliases are expanded
  std::size_t max_bytes = 16 << 20;  // of all scalars, after aliases are expanded
  std::size_t max_scalar_bytes = 1 << 20;
  // Whether `<<` is resolved. Otherwise it stays as an entry of that name, for those who look at
  // how a file is written.
  bool merge_keys = true;
  // Whether keys that read as numbers, booleans or null are refused, as Compose does.
  bool string_keys = false;
};

struct Document {
  TextPtr text;  // keeps every span alive
  Node root;     // null for an empty document
};

// Every document of the file; none for a file without any. Errors, each beginning with
// "file:line:column: ": yaml.syntax, yaml.encoding, yaml.duplicate_key (with both places),
// yaml.key (a key that is no scalar), yaml.alias (unknown, or inside its own anchor), yaml.merge,
// yaml.tag, yaml.depth, yaml.size.
[[nodiscard]] Result<std::vector<Document>> parse_yaml(TextPtr text,
                                                       const YamlOptions& options = {});

// Types a plain scalar (no quotes, no tag) as above; span and style are the caller's.
[[nodiscard]] Node plain_scalar(std::string_view text);

// An error about the bytes of `span`: its message begins with their place.
[[nodiscard]] std::unexpected<Error> fail_at(const Span& span, std::string code,
                                             std::string_view what, std::string hint = {});

}  // namespace selvage::stack
