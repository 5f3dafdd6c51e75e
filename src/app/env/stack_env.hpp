// What `selvage env` works on: a stack's env file, its template, and what the Compose files read.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "stack/env_usage.hpp"

namespace selvage::app {

struct StackEnvOptions {
  std::filesystem::path folder = ".";
  std::vector<std::filesystem::path> compose_files;  // empty: Compose's own choice
  std::filesystem::path env_file;                    // empty: .env in the folder
  std::filesystem::path template_file;               // empty: .env.example and its like there
  bool shell = false;                                // whether exported variables count as set
};

struct StackEnv {
  std::filesystem::path path;  // of the env file, whether it is there or not
  std::optional<stack::EnvFile> file;
  std::uint32_t permissions = 0;
  std::optional<stack::EnvFile> template_file;
  stack::ProjectFiles files;
  std::optional<stack::Project> project;  // none: there is no Compose file, or the env file is
  std::optional<stack::EnvUsage> usage;   // such that Compose refuses it
  // Where Compose refuses the stack with the values of the file, "compose.yaml:12:13:
  // services.api"; empty when it takes them. The project is then the one without values.
  std::string refused_at;
  std::map<std::string, std::string, std::less<>> environment;  // of the shell, when it counts
};

// Errors: stack.file for a named file that is not there, stack.env_size, those of load_project; but
// a folder without any Compose file is fine as long as it has an env file or a template.
[[nodiscard]] Result<StackEnv> open_stack_env(const StackEnvOptions& options);

// Errors: stack.file, stack.env_size.
[[nodiscard]] Result<stack::EnvFile> read_env_file(const std::filesystem::path& path);

}  // namespace selvage::app
