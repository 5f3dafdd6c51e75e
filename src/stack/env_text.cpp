#include "stack/env_text.hpp"

#include <map>

#include "base/text.hpp"
#include "stack/dotenv.hpp"
#include "stack/template.hpp"
#include "stack/yaml.hpp"

namespace selvage::stack {

namespace {

constexpr std::size_t kMaxEntries = 20'000;
constexpr std::size_t kMaxBytes = 8 << 20;

std::unexpected<Error> wrong(const Span& where, std::string_view what) {
  return fail_at(where, "compose.env_file", what, "selvage env check lists all that is wrong");
}

using Known = std::map<std::string, std::string, std::less<>>;

Result<std::string> expand(const EnvAssignment& assignment, const Known& known,
                           const OuterLookup& outer) {
  if (!assignment.interpolates() || !assignment.raw.contains('$')) return assignment.raw;
  const auto lookup = [&](const Reference& found) -> std::optional<std::string> {
    if (auto outside = outer(found.name)) return outside;
    const auto above = known.find(found.name);
    if (above == known.end()) return std::nullopt;
    return above->second;
  };
  auto result = substitute(assignment.raw, lookup);
  // the message of the reference would repeat the value, which may be a secret
  if (!result) {
    return wrong(assignment.value_span,
                 "a variable is used in a way that is not valid, or is missing");
  }
  return std::move(*result);
}

}  // namespace

Result<std::vector<EnvEntry>> parse_env_text(const Text& text, const OuterLookup& outer) {
  const EnvFile file = parse_dotenv(TextPtr(TextPtr(), &text));
  for (const EnvProblem& problem : file.problems) {
    if (problem.fatal) return wrong(problem.span, problem.message);
  }
  std::vector<EnvEntry> entries;
  Known known;
  std::size_t used = 0;
  for (const EnvAssignment& assignment : file.assignments) {
    std::string value;
    if (assignment.inherited) {
      const auto outside = outer(assignment.name);
      if (!outside) continue;
      value = *outside;
    } else {
      value = TRY(expand(assignment, known, outer));
    }
    used += value.size();
    if (entries.size() >= kMaxEntries || used > kMaxBytes) {
      return wrong(assignment.name_span, "the file has too many entries or too long values");
    }
    known.insert_or_assign(assignment.name, value);
    Span span = assignment.name_span;
    span.end = assignment.value_span.end;
    entries.push_back({assignment.name, std::move(value), span});
  }
  return entries;
}

Result<std::vector<EnvEntry>> parse_raw_env_text(const Text& text, const OuterLookup& outer) {
  std::vector<EnvEntry> entries;
  std::size_t begin = 0;
  for (std::string_view line : split(text.bytes(), '\n')) {
    const Span span{&text, static_cast<std::uint32_t>(begin),
                    static_cast<std::uint32_t>(begin + line.size())};
    begin += line.size() + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    line = line.substr(std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.empty() || line.starts_with('#')) continue;
    const std::size_t equals = line.find('=');
    std::string name(line.substr(0, equals));
    if (name.empty() || name.find_first_of(" \t") != std::string::npos) {
      return fail_at(span, "compose.env_file", "the name of a variable is missing or holds a blank",
                     "write one NAME=value in each line");
    }
    if (equals != std::string_view::npos) {
      entries.push_back({std::move(name), std::string(line.substr(equals + 1)), span});
    } else if (auto value = outer(name)) {
      entries.push_back({std::move(name), std::move(*value), span});
    }
    if (entries.size() > kMaxEntries) {
      return fail_at(span, "compose.env_file", "the file has too many entries", "split it");
    }
  }
  return entries;
}

}  // namespace selvage::stack
