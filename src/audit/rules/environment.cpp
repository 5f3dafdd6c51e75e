// Variables: those that Compose puts into the files, and those that services get.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "audit/detail/secret_name.hpp"
#include "audit/detail/written.hpp"
#include "audit/sightings.hpp"
#include "audit/stack.hpp"
#include "base/placeholder.hpp"
#include "base/text.hpp"

namespace selvage::audit {

namespace {

using stack::VariableUse;

std::string subject(const VariableUse& use) { return fmt::format("variables.{}", use.name); }

// Uses by name, in order; a variable is told once.
std::vector<std::pair<const VariableUse*, std::size_t>> by_name(
    const Stack& stack, const std::function<bool(const VariableUse&)>& wanted) {
  std::vector<std::pair<const VariableUse*, std::size_t>> first;
  for (const VariableUse& use : stack.project.variables) {
    if (!wanted(use)) continue;
    const auto known = std::ranges::find_if(
        first, [&](const auto& other) { return other.first->name == use.name; });
    if (known == first.end())
      first.emplace_back(&use, 1);
    else
      ++known->second;
  }
  return first;
}

bool nobody_sets(const VariableUse& use) {
  const bool needs =
      use.form == VariableUse::Form::plain || use.form == VariableUse::Form::required;
  return needs && (!use.value || use.placeholder);
}

bool has_project_env(const Stack& stack) {
  return std::ranges::any_of(stack.project.files, [](const stack::StackFile& file) {
    return file.role == stack::StackFile::Role::project_env && file.text != nullptr;
  });
}

void file_missing(const Stack& stack, Sightings& out) {
  for (const stack::Notice& notice : stack.project.notices) {
    if (notice.code != "compose.env_file_missing") continue;
    out.at(notice.where, fmt::format("env_file {}", notice.where.bytes()), notice.text);
  }
  if (has_project_env(stack)) return;
  const auto unset = by_name(stack, nobody_sets);
  if (unset.empty()) return;
  std::vector<std::string> names;
  for (const auto& [use, count] : unset) names.push_back(use->name);
  std::ranges::sort(names);
  out.at(unset.front().first->where, ".env",
         fmt::format("There is no .env file, and nobody sets {}", join(names, ", ")));
}

void required_unset(const Stack& stack, Sightings& out) {
  if (!has_project_env(stack)) return;  // env-file-missing tells all of them at once
  for (const auto& [use, count] : by_name(stack, nobody_sets)) {
    out.at(use->where, subject(*use),
           use->form == VariableUse::Form::required
               ? fmt::format("{} is required and nobody sets it", use->name)
               : fmt::format("Nobody sets {}: {} gets an empty text", use->name,
                             count == 1 ? use->path : fmt::format("{} places", count)));
  }
}

// `text` with every use of the variable that lets an empty value or a fallback through made to
// demand one.
std::string demanding(std::string text, const std::string& name) {
  const std::string demand = fmt::format("${{{}:?set it}}", name);
  const std::string open = fmt::format("${{{}", name);
  for (auto at = text.find(open); at != text.npos; at = text.find(open, at + demand.size())) {
    const auto end = text.find_first_of("}$", at + open.size());
    const char next = at + open.size() < text.size() ? text[at + open.size()] : '\0';
    const bool simple = end != text.npos && text[end] == '}' &&
                        (next == '}' || next == '-' || text.substr(at + open.size(), 2) == ":-");
    if (!simple) return text;
    text.replace(at, end + 1 - at, demand);
  }
  return text;
}

// The edits that make all those uses demand a value.
Changes demand_value(const Stack& stack, const std::string& name,
                     const std::function<bool(const VariableUse&)>& wanted) {
  Changes changes;
  std::vector<stack::Span> seen;
  for (const VariableUse& use : stack.project.variables) {
    if (use.name != name || !wanted(use) || std::ranges::find(seen, use.where) != seen.end()) {
      continue;
    }
    seen.push_back(use.where);
    const std::string text(use.where.bytes());
    std::string better = demanding(text, name);
    Changes one = better == text ? Changes{} : set_value(stack, use.where, std::move(better));
    if (one.empty()) return {};  // all places or none
    std::ranges::move(one, std::back_inserter(changes));
  }
  return changes;
}

void no_fail_fast(const Stack& stack, Sightings& out) {
  const auto open = [](const VariableUse& use) {
    const bool lets_through = use.form == VariableUse::Form::plain ||
                              (use.form == VariableUse::Form::fallback && use.argument.empty());
    return lets_through && names_a_secret(use.name);
  };
  for (const auto& [use, count] : by_name(stack, open)) {
    Finding& finding =
        out.at(use->where, subject(*use),
               fmt::format("Without {} the stack starts with an empty secret", use->name));
    finding.how = fmt::format("Write ${{{}:?set it}}{}.", use->name,
                              count == 1 ? "" : fmt::format(" at all {} places", count));
    finding.changes = demand_value(stack, use->name, open);
  }
}

void insecure_default(const Stack& stack, Sightings& out) {
  const auto published = [](const VariableUse& use) {
    if (use.form != VariableUse::Form::fallback || use.argument.empty() ||
        use.argument.starts_with('$')) {
      return false;
    }
    if (names_a_secret(use.name)) return !is_harmless_value(use.argument);
    const auto reason = placeholder_reason(use.argument);
    return reason.has_value() && !use.argument.contains('$');
  };
  for (const auto& [use, count] : by_name(stack, published)) {
    Finding& finding =
        out.at(use->where, subject(*use),
               fmt::format("Without {} the value is the one in the file, which everybody can read",
                           use->name));
    finding.how = fmt::format("Write ${{{}:?set it}}.", use->name);
    finding.changes = demand_value(stack, use->name, published);
  }
}

// "deploy/.env:12" is where a value comes from; a variable of the shell has no place.
std::optional<Place> place_of_source(std::string_view source) {
  const auto colon = source.rfind(':');
  if (colon == source.npos) return std::nullopt;
  std::size_t line = 0;
  const std::string_view digits = source.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), line);
  if (error != std::errc() || line == 0) return std::nullopt;
  return Place{std::string(source.substr(0, colon)), line, 1, line, 1};
}

void placeholder(const Stack& stack, Sightings& out) {
  const auto left_over = [](const VariableUse& use) {
    return use.value && !use.placeholder && !use.source.empty() &&
           (placeholder_reason(*use.value) ||
            (names_a_secret(use.name) && insecure_reason(*use.value)));
  };
  for (const auto& [use, count] : by_name(stack, left_over)) {
    const auto reason = placeholder_reason(*use->value);
    Finding& finding = out.at(use->where, subject(*use),
                              fmt::format("The value of {} {}", use->name,
                                          reason ? *reason : *insecure_reason(*use->value)));
    if (!names_a_secret(use->name)) finding.how = "Set it to what is meant.";
    if (const auto place = place_of_source(use->source)) finding.place = *place;
  }
}

constexpr Rule kRules[] = {
    {"env-file-missing", Severity::high, FixKind::proposal, "The env file is missing",
     "Compose puts empty texts in place of what it cannot find, or does not start at all.",
     "Copy the template, if there is one, and set every variable that is named.",
     "Compose documentation, environment variables", "image: acme/api:${API_VERSION}",
     "# .env\nAPI_VERSION=1.4", file_missing},
    {"env-required-unset", Severity::high, FixKind::proposal, "A variable has no value",
     "Compose warns and goes on with an empty text: a service starts with half its settings.",
     "Set it in .env, or give it a fallback where one is right.",
     "Compose specification, interpolation", "image: acme/api:${API_VERSION}",
     "# .env\nAPI_VERSION=1.4", required_unset},
    {"env-no-fail-fast", Severity::high, FixKind::behaviour,
     "A missing secret does not stop the start",
     "Where the variable is forgotten, the service runs with an empty password, or fails late with "
     "a message about something else.",
     "Write ${NAME:?set it}.", "Compose specification, interpolation",
     "environment: {JWT_SECRET: \"${JWT_SECRET}\"}",
     "environment: {JWT_SECRET: \"${JWT_SECRET:?set it}\"}", no_fail_fast},
    {"env-insecure-default", Severity::critical, FixKind::behaviour,
     "A secret has a public fallback",
     "Every installation that forgets the variable has the same password, and it is in the "
     "repository.",
     "Write ${NAME:?set it}.", "CWE-1392, use of default credentials",
     "environment: {JWT_SECRET: \"${JWT_SECRET:-change-me-in-production}\"}",
     "environment: {JWT_SECRET: \"${JWT_SECRET:?set it}\"}", insecure_default},
    {"env-placeholder", Severity::critical, FixKind::proposal, "A template's placeholder is in use",
     "Everybody who has read the template knows it.", "Choose a value: openssl rand -base64 32",
     "CWE-1392, use of default credentials", "# .env\nJWT_SECRET=change-me",
     "# .env\nJWT_SECRET=Zt0mXw7RkQ2vJc5yLh9sUdBe3nAfGp1i", placeholder},
};

}  // namespace

RuleTable environment_rules() { return {kRules}; }

}  // namespace selvage::audit
