// The .env syntax, as Compose and the usual dotenv libraries agree on it:
//
//   # comment                      export NAME=value   # comment
//   NAME='taken as it is'          NAME="with \n \t \" \\ \$ escapes, and line feeds"
//
// Blank lines and CRLF are fine. Variables are not expanded.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace selvage::detail {

inline constexpr std::size_t kMaxEnvFileBytes = 1024 * 1024;
inline constexpr std::size_t kMaxSecretFileBytes = 64 * 1024;

struct EnvEntry {
  std::string name;
  std::string value;
  std::size_t line = 0;  // of the name, from 1
};

struct EnvText {
  std::vector<EnvEntry> entries;
  std::vector<std::string>
      problems;  // "deploy/.env:3: ..."; never with a value, which may be a secret
};

// Reads on after a bad line, so that all problems are found at once.
[[nodiscard]] EnvText parse_env(std::string_view text, std::string_view file_name);

// The whole of a regular file (or pipe) of at most `max_bytes`. Errors: settings.file.
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path,
                                            std::size_t max_bytes);

}  // namespace selvage::detail
