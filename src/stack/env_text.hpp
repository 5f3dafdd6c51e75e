// The env files of Compose: `.env`, `env_file`, `label_file`.
//
//   # comment            export NAME=value # comment      NAME: value
//   NAME='as it is'      NAME="with \n and ${OTHER:-x}"   NAME       (taken from elsewhere)
//
// The same language as compose-go's: quoted values may span lines, unquoted and double-quoted ones
// have their variables replaced.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stack/text.hpp"

namespace selvage::stack {

struct EnvEntry {
  std::string name;
  std::string value;
  Span span;  // from the name to the end of the value
};

// What a variable is worth outside the file.
using OuterLookup = std::function<std::optional<std::string>(std::string_view name)>;

// The entries in the order of the file; a name that occurs twice is there twice, the last counts.
// Errors: compose.env_file with its place, never with a value, which may be a secret.
[[nodiscard]] Result<std::vector<EnvEntry>> parse_env_text(const Text& text,
                                                           const OuterLookup& outer);
// `format: raw`: NAME=value in each line, taken as it is; a lone NAME is taken from elsewhere.
[[nodiscard]] Result<std::vector<EnvEntry>> parse_raw_env_text(const Text& text,
                                                               const OuterLookup& outer);

}  // namespace selvage::stack
