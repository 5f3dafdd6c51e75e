#include "stack/env_usage.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "stack/crontab.hpp"
#include "stack/nginx.hpp"
#include "stack/shell.hpp"
#include "stack/template.hpp"

namespace selvage::stack {

namespace {

constexpr std::size_t kMaxBytes = 8 << 20;  // of all values, since each may repeat those above

void note_use(EnvUse& use, const VariableUse& found) {
  if (use.places.size() < EnvUse::kMaxPlaces) use.places.push_back({found.where, found.path});
  switch (found.form) {
    case VariableUse::Form::plain:
      use.blank_without = true;
      break;
    case VariableUse::Form::fallback:
      if (!use.fallback) {
        use.fallback = found.argument;
        use.fallback_at = found.where;
      }
      break;
    case VariableUse::Form::required:
      if (!use.required) use.message = found.argument;
      use.required = true;
      use.refuses_empty = use.refuses_empty || found.empty_counts_as_unset;
      break;
    case VariableUse::Form::alternative:
      break;
  }
}

// `environment: [NAME]` hands a variable on without a reference.
void note_handed_on(EnvUsage& usage, const Project& project) {
  for (const Service& service : project.services()) {
    for (const NamedValue& variable : service.environment()) {
      if (variable.value) continue;
      EnvUse& use = usage.of_compose[std::string(variable.name)];
      if (use.places.size() < EnvUse::kMaxPlaces) {
        use.places.push_back({variable.key_span, "services." + std::string(service.name()) +
                                                     ".environment." + std::string(variable.name)});
      }
    }
  }
}

void note_script(EnvUsage& usage, const TextPtr& text) {
  for (const ShellVariable& variable : parse_shell(text).variables) {
    usage.of_others.insert(variable.name);
  }
}

}  // namespace

EnvUsage env_usage(const Project& project, const ProjectFiles& files) {
  EnvUsage usage;
  for (const VariableUse& found : project.variables) note_use(usage.of_compose[found.name], found);
  note_handed_on(usage, project);
  for (const StackFile& file : project.files) {
    if (file.role != StackFile::Role::service_env) continue;
    usage.whole_files.insert(std::filesystem::weakly_canonical(file.path).string());
  }
  for (const ProjectFile& file : files.files) {
    if (file.role == FileRole::script || file.role == FileRole::crontab) {
      note_script(usage, file.text);
    } else if (file.role == FileRole::nginx_template) {
      for (const NginxVariable& variable : nginx_variables(parse_nginx(file.text))) {
        usage.of_others.insert(variable.name);
      }
    }
  }
  return usage;
}

bool is_tool_variable(std::string_view name) {
  constexpr std::array<std::string_view, 8> kNames = {"TZ",   "PATH", "HOME", "USER",
                                                      "LANG", "UID",  "GID",  "PWD"};
  return name.starts_with("COMPOSE_") || name.starts_with("DOCKER_") ||
         name.starts_with("BUILDKIT_") || name.starts_with("BUILDX_") ||
         std::ranges::find(kNames, name) != kNames.end();
}

EnvValues env_values(const EnvFile& file,
                     const std::map<std::string, std::string, std::less<>>& outer) {
  EnvValues found;
  const auto lookup = [&](const Reference& reference) -> std::optional<std::string> {
    if (const auto known = outer.find(reference.name); known != outer.end()) return known->second;
    const auto above = found.values.find(reference.name);
    if (above != found.values.end()) return above->second.value;
    return std::nullopt;
  };
  std::size_t bytes = 0;
  for (const EnvAssignment& assignment : file.assignments) {
    if (bytes > kMaxBytes) {
      add_problem(found.problems, assignment.name_span, "the values before it are too many bytes");
      break;
    }
    if (assignment.inherited) {
      const auto known = outer.find(assignment.name);
      if (known == outer.end()) continue;
      found.values.insert_or_assign(assignment.name, EnvValue{known->second, assignment.name_span});
      continue;
    }
    std::string value = assignment.raw;
    if (assignment.interpolates()) {
      auto replaced = substitute(assignment.raw, lookup);
      if (!replaced) {
        // the message may quote the value
        add_problem(found.problems, assignment.value_span,
                    "the value of " + assignment.name +
                        (replaced.error().code == "compose.required"
                             ? " needs a variable that nobody sets"
                             : " holds a reference that Compose refuses; write $$ for a dollar"));
        continue;
      }
      value = std::move(*replaced);
    }
    bytes += value.size();
    found.values.insert_or_assign(assignment.name,
                                  EnvValue{std::move(value), assignment.value_span});
  }
  return found;
}

}  // namespace selvage::stack
