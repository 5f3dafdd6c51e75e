// Judges an env file against what the stack reads. No finding holds a value.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stack/env_usage.hpp"

namespace selvage::stack {

enum class EnvFindingKind : std::uint8_t {
  missing,           // needed and not set
  empty,             // needed or a secret, and set to nothing
  placeholder,       // still what a template says
  insecure,          // a secret that everybody can guess
  insecure_default,  // of a Compose file: ${PASSWORD:-changeme}
  weak,              // a secret of less than 128 bits
  shared,            // one value for two secrets
  malformed,         // Compose refuses the line or reads it otherwise than was meant
  permissions,       // others may read the file
  unused,            // nobody reads the variable
  untemplated,       // the template lacks a variable that the stack reads
};
[[nodiscard]] std::string_view name(EnvFindingKind kind);

struct EnvFinding {
  EnvFindingKind kind = EnvFindingKind::missing;
  bool error = true;  // else a note, which fails no check
  std::string variable;
  Span where;           // in the env file or in the file that needs the variable; may be unknown
  std::string message;  // a sentence about the variable: "is missing; the Compose file wants it"
  std::string hint;     // what to do
};

struct EnvCheck {
  const EnvFile* file = nullptr;           // nullptr: there is none
  const EnvUsage* usage = nullptr;         // nullptr: not known
  const EnvFile* template_file = nullptr;  // nullptr: there is none
  std::uint32_t permissions = 0600;        // of the file
  std::string canonical_path;              // of the file, to be found in usage.whole_files
  // Of the shell: stands above the file, as with Compose.
  std::map<std::string, std::string, std::less<>> environment;
};

// Errors first, then notes; each in the order of files and lines.
[[nodiscard]] std::vector<EnvFinding> check_env(const EnvCheck& check);

}  // namespace selvage::stack
