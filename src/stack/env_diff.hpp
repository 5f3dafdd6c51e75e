// How two env files differ. Values are compared as Compose reads them and never told.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "stack/env_usage.hpp"

namespace selvage::stack {

enum class EnvDifferenceKind : std::uint8_t { only_first, only_second, value };
[[nodiscard]] std::string_view name(EnvDifferenceKind kind);

struct EnvDifference {
  EnvDifferenceKind kind = EnvDifferenceKind::value;
  std::string variable;
  Span first;  // where it has it; unknown in a file without
  Span second;
  std::string note;  // "empty in .env", "a placeholder in .env.example"; mostly empty
};

// Sorted by kind, then by name. `names_only`: values do not count, as beside a template.
[[nodiscard]] std::vector<EnvDifference> diff_env(
    const EnvFile& first, const EnvFile& second,
    const std::map<std::string, std::string, std::less<>>& environment, bool names_only);

}  // namespace selvage::stack
