#include <fmt/format.h>

#include <cstdio>
#include <string>

#include "app/command.hpp"
#include "base/printable.hpp"
#include "base/text.hpp"
#include "stack/compose.hpp"
#include "stack/render.hpp"

extern char** environ;

namespace selvage::app {

namespace {

std::unexpected<Error> usage(std::string message, std::string hint) {
  return fail(ErrorKind::invalid, "stack.usage", std::move(message), std::move(hint));
}

std::vector<std::string> all_of(const Invocation& invocation, std::string_view flag) {
  const auto found = invocation.flags.find(flag);
  return found != invocation.flags.end() ? found->second : std::vector<std::string>{};
}

stack::LoadOptions load_options(const Invocation& invocation) {
  stack::LoadOptions options;
  for (std::string& file : all_of(invocation, "--file")) options.files.emplace_back(file);
  for (std::string& file : all_of(invocation, "--stack-env")) options.env_files.emplace_back(file);
  options.directory = invocation.value("--directory").value_or("");
  options.project_name = invocation.value("--project").value_or("");
  options.profiles = all_of(invocation, "--profile");
  options.placeholders = invocation.has("--placeholders");
  options.keep_unused = invocation.has("--all");
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view text(*each);
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    options.environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return options;
}

// What a person should know beside the model; each thing once.
void print_notices(const stack::Project& project) {
  std::vector<std::string> lines;
  for (const stack::Notice& notice : project.notices) {
    const std::string place = notice.where.known() ? notice.where.where() + ": " : "";
    lines.push_back("warning: " + place + notice.text);
  }
  for (const stack::VariableUse& use : project.variables) {
    if (!use.placeholder) continue;
    lines.push_back(fmt::format("warning: {}: {} is missing; a placeholder stands for it in {}",
                                use.where.where(), use.name, use.path));
  }
  std::ranges::sort(lines);
  const auto twice = std::ranges::unique(lines);
  lines.erase(twice.begin(), twice.end());
  for (const std::string& line : lines) fmt::print(stderr, "{}\n", printable(line));
}

Result<int> show(const Invocation& invocation) {
  const std::string format = invocation.value("--format").value_or("yaml");
  if (format != "yaml" && format != "json") {
    return usage(fmt::format("--format must be yaml or json, is {}", in_quotes(format)), "");
  }
  const stack::Project project = TRY(stack::load_project(load_options(invocation)));
  stack::RenderOptions options;
  options.redact = !invocation.has("--reveal");
  std::string text;
  const std::vector<std::string> paths = all_of(invocation, "--why");
  for (const std::string& path : paths) text += TRY(stack::explain(project, path, options));
  if (paths.empty()) {
    text = format == "json" ? config_json(project, options) : config_yaml(project, options);
  } else {
    std::string lines;
    for (const std::string_view line : split(trim(text), '\n')) lines += printable(line) + "\n";
    text = std::move(lines);
  }
  print_notices(project);
  std::fputs(text.c_str(), stdout);
  return 0;
}

Result<int> run(const Invocation& invocation) {
  if (!invocation.arguments.empty()) {
    return usage("selvage stack show takes no arguments", "name files by --file");
  }
  return show(invocation);
}

}  // namespace

Command stack_command() {
  return {
      .name = "stack",
      .summary =
          "Read a Compose stack as Docker Compose does and tell where each value comes from.",
      .arguments = "",
      .details =
          "Resolves anchors, variables, include, extends, override files, !reset and !override, "
          "profiles and short forms exactly as Docker Compose v2, without an engine. Nothing is "
          "executed or fetched.\n"
          "Without --file the Compose file of this directory, or of one above it, is read with its "
          "override file, as Compose does. Values that look like secrets are printed as "
          "(redacted).\n"
          "  selvage stack show\n"
          "  selvage stack show --file compose.yaml --file compose.prod.yaml --format json\n"
          "  selvage stack show --why services.api.ports[0]\n"
          "  selvage stack show --placeholders   # without the .env that the stack needs",
      .actions = {{"show", "", "print the resolved model"}},
      .flags = {{"--file", "FILE", "a Compose file; repeat it for override files", "", true},
                {"--format", "FORMAT", "yaml (default) or json, as `docker compose config` prints"},
                {"--why", "PATH", "tell where a value comes from, instead of the model", "", true},
                {"--profile", "NAME", "enable a profile; \"*\" enables all", "", true},
                {"--stack-env", "FILE", "variables for the stack, instead of its .env", "", true},
                {"--directory", "DIR", "the project's directory"},
                {"--project", "NAME", "the project's name"},
                {"--placeholders", "",
                 "go on without required variables and env files, and list what is missing"},
                {"--all", "", "show networks, volumes, secrets and configs that nothing uses, too"},
                {"--reveal", "", "print secrets"}},
      .run = run};
}

}  // namespace selvage::app
