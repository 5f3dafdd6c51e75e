#include "app/env/stack_env.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "base/text.hpp"
#include "base/units.hpp"

namespace selvage::app {

namespace {

namespace fs = std::filesystem;

constexpr ByteCount kMaxEnvFile = 256_KiB;
constexpr std::string_view kTemplateNames[] = {".env.example", ".env.template", ".env.sample",
                                               ".env.dist",    "env.example",   "example.env"};

std::map<std::string, std::string, std::less<>> shell_environment(bool all) {
  std::map<std::string, std::string, std::less<>> found;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = text.substr(0, equals);
    const bool steers_compose = name.starts_with("COMPOSE_");
    if (all || (stack::is_tool_variable(name) && !steers_compose)) {
      found.emplace(name, text.substr(equals + 1));
    }
  }
  return found;
}

fs::path template_of(const fs::path& folder) {
  for (const std::string_view name : kTemplateNames) {
    std::error_code error;
    if (fs::is_regular_file(folder / name, error)) return folder / name;
  }
  return {};
}

// "docker-compose.prod.yml" has a name that Compose does not look for.
std::string other_compose_files(const stack::ProjectFiles& files) {
  std::string names;
  for (const stack::ProjectFile* file : files.of(stack::FileRole::compose)) {
    names += (names.empty() ? "" : " or ") + fmt::format("--file {}", file->text->name());
    if (names.size() > 120) break;
  }
  return names.empty() ? "name one: --file FILE" : "name one: " + names;
}

fs::path plain(const fs::path& folder, std::string_view name) {
  return folder == "." ? fs::path(name) : folder / name;
}

// "compose.yaml:12:13: services.api.ports[0]": an error's message without the value behind it.
std::string place_of(const Error& error) {
  const auto first = error.message.find(": ");
  if (first == std::string::npos) return "";
  return error.message.substr(0, error.message.find(": ", first + 2));
}

Result<void> load(StackEnv& env, const StackEnvOptions& options) {
  stack::LoadOptions load;
  load.files = options.compose_files;
  load.directory = options.folder;
  load.env_files = {"/dev/null"};  // the values are ours
  load.environment = shell_environment(options.shell);
  load.profiles = {"*"};
  load.placeholders = true;
  stack::LoadOptions with_values = load;
  if (env.file) {
    for (auto& [name, value] : stack::env_values(*env.file, env.environment).values) {
      with_values.environment.emplace(name, std::move(value.value));
    }
  }
  auto project = stack::load_project(with_values);
  if (!project && env.file) {
    // Perhaps a value is to blame: the names that the stack reads can be had without.
    const Error refused = project.error();
    project = stack::load_project(load);
    if (project) env.refused_at = place_of(refused);
  }
  if (!project) {
    const bool none = project.error().code == "compose.no_file" && options.compose_files.empty();
    if (!none) return fail(project.error());
    const bool other = !env.files.of(stack::FileRole::compose).empty();
    if (!other && (env.file || env.template_file)) return {};
    return fail(ErrorKind::invalid, project.error().code, project.error().message,
                other_compose_files(env.files));
  }
  env.project = std::move(*project);
  env.usage = stack::env_usage(*env.project, env.files);
  return {};
}

}  // namespace

Result<stack::EnvFile> read_env_file(const fs::path& path) {
  auto text = TRY(stack::Text::read(path));
  if (text->bytes().size() > kMaxEnvFile.value) {
    return fail(ErrorKind::too_large, "stack.env_size",
                fmt::format("{}: is larger than {}", path.string(), to_string(kMaxEnvFile)),
                "an env file holds one NAME=value a line; name another");
  }
  return stack::parse_dotenv(std::move(text));
}

Result<StackEnv> open_stack_env(const StackEnvOptions& options) {
  StackEnv env;
  env.files = TRY(stack::find_project_files(options.folder));
  env.path = options.env_file.empty() ? plain(options.folder, ".env") : options.env_file;
  if (options.shell) env.environment = shell_environment(true);
  std::error_code error;
  if (!options.env_file.empty() || fs::exists(fs::symlink_status(env.path, error))) {
    env.file = TRY(read_env_file(env.path));
    env.permissions = static_cast<std::uint32_t>(fs::status(env.path, error).permissions());
  }
  fs::path template_path = options.template_file;
  if (template_path.empty()) {
    const fs::path found = template_of(options.folder);
    if (!found.empty()) template_path = plain(options.folder, found.filename().string());
  }
  if (!template_path.empty()) env.template_file = TRY(read_env_file(template_path));
  if (!env.file || env.file->accepted()) TRY(load(env, options));
  return env;
}

}  // namespace selvage::app
