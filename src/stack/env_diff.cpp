#include "stack/env_diff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/placeholder.hpp"

namespace selvage::stack {

namespace {

// What can be said of a value without telling it.
std::string note_of(const EnvValue& value, const EnvFile& file) {
  if (value.value.empty()) return fmt::format("empty in {}", file.text->name());
  if (placeholder_reason(value.value)) {
    return fmt::format("a placeholder in {}", file.text->name());
  }
  return "";
}

}  // namespace

std::string_view name(EnvDifferenceKind kind) {
  switch (kind) {
    case EnvDifferenceKind::only_first:
      return "only-first";
    case EnvDifferenceKind::only_second:
      return "only-second";
    case EnvDifferenceKind::value:
      return "value";
  }
  return "difference";
}

std::vector<EnvDifference> diff_env(
    const EnvFile& first, const EnvFile& second,
    const std::map<std::string, std::string, std::less<>>& environment, bool names_only) {
  const EnvValues ours = env_values(first, environment);
  const EnvValues theirs = env_values(second, environment);
  std::vector<EnvDifference> differences;
  for (const auto& [variable, value] : ours.values) {
    const auto other = theirs.values.find(variable);
    if (other == theirs.values.end()) {
      differences.push_back(
          {EnvDifferenceKind::only_first, variable, value.where, {}, note_of(value, first)});
    } else if (!names_only && other->second.value != value.value) {
      std::string note = note_of(value, first);
      if (note.empty()) note = note_of(other->second, second);
      differences.push_back(
          {EnvDifferenceKind::value, variable, value.where, other->second.where, std::move(note)});
    }
  }
  for (const auto& [variable, value] : theirs.values) {
    if (ours.values.contains(variable)) continue;
    differences.push_back(
        {EnvDifferenceKind::only_second, variable, {}, value.where, note_of(value, second)});
  }
  std::ranges::sort(differences, {}, [](const EnvDifference& difference) {
    return std::tuple(difference.kind, difference.variable);
  });
  return differences;
}

}  // namespace selvage::stack
