#include <cstdio>

#include "app/command.hpp"

namespace selvage::app {

namespace {

void list(const Settings& settings, bool all) {
  for (const Settings::Listed& row : settings.listed()) {
    if (!all && row.source == "default") continue;
    fmt::print("{:<28} {:<30} {}\n", row.spec->name, row.shown, row.source);
  }
}

Result<int> check(const Settings& settings) {
  const auto warnings = settings.production_warnings();
  for (const std::string& warning : warnings) fmt::print("unsafe: {}\n", warning);
  fmt::print("{} settings are valid, {} unsafe for production\n", settings.listed().size(),
             warnings.size());
  return warnings.empty() ? 0 : 1;
}

Result<int> run(const Invocation& invocation) {
  const auto sections = all_sections();
  if (invocation.has("--template")) {
    std::fputs(env_template(sections).c_str(), stdout);
    return 0;
  }
  if (invocation.has("--reference")) {
    std::fputs(settings_reference(sections).c_str(), stdout);
    return 0;
  }
  const Settings settings = TRY(load_settings(invocation));
  if (invocation.has("--check")) return check(settings);
  list(settings, !invocation.has("--changed"));
  return 0;
}

}  // namespace

Command settings_command() {
  return {.name = "settings",
          .summary = "List settings with their values and sources, check them, write a template.",
          .details =
              "A setting comes from the command line, the environment, the file named by "
              "NAME_FILE, --env-file, or its default, strongest first. Secrets are never "
              "shown.",
          .flags = {{"--changed", "", "only what is not the default"},
                    {"--check", "", "validate, and say what is unsafe for production (exit 1)"},
                    {"--template", "", "write an .env file with every setting explained"},
                    {"--reference", "", "write the reference page in Markdown"}},
          .run = run};
}

}  // namespace selvage::app
