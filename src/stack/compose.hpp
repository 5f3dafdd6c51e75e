// A Compose project resolved as Compose resolves it: YAML with anchors and merge keys,
// interpolation, extends, include, `-f` overrides, !reset and !override, profiles, short forms made
// long, duplicates removed, defaults set. Every value keeps the bytes that say it and the way it
// took (node.hpp).
//
//   auto project = load_project({.directory = "deploy", .environment = environment_of_process});
//   if (!project) return std::unexpected(project.error());
//   for (const Service& service : project->services()) ...
//
// The order of the steps and their oddities are those of compose-go, which Docker Compose v2 is
// built upon. Reads files, executes and fetches nothing. Synchronous; any thread.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stack/node.hpp"
#include "stack/service.hpp"

namespace selvage::stack {

struct LoadOptions {
  // As given to `-f`, in order. Empty: COMPOSE_FILE of the environment, else the first of
  // compose.yaml, compose.yml, docker-compose.yml, docker-compose.yaml in `directory` or above it,
  // with the override file beside it.
  std::vector<std::filesystem::path> files;
  // The project's directory; empty: that of the first file.
  std::filesystem::path directory;
  // As given to `-p`; empty: COMPOSE_PROJECT_NAME, `name:` of the files, the directory's name.
  std::string project_name;
  // As given to `--env-file`; empty: `.env` of the project's directory, if there is one.
  std::vector<std::filesystem::path> env_files;
  // Stands above the env files, as the shell does.
  std::map<std::string, std::string, std::less<>> environment;
  std::vector<std::string> profiles;  // "*" enables all
  // Go on where Compose stops for want of a value: a required variable that nobody sets gets the
  // placeholder text of kPlaceholder, a missing env_file counts as empty. Each is listed.
  bool placeholders = false;
  // Go on where the model refers to nothing, contradicts itself or goes in a circle; what Compose
  // would refuse it for is in Project::refusals.
  bool contradictions = false;
  // Keep volumes, networks, secrets and configs that no enabled service uses.
  bool keep_unused = true;
};

struct KnownVariable {
  std::string value;
  std::string source;  // "environment", "deploy/.env:3"
};
using Environment = std::map<std::string, KnownVariable, std::less<>>;

inline constexpr std::string_view kPlaceholder = "selvage-placeholder";

// One use of a variable in a file of the stack.
struct VariableUse {
  enum class Form : std::uint8_t {
    plain,        // $V, ${V}
    fallback,     // ${V-x}, ${V:-x}
    required,     // ${V?x}, ${V:?x}
    alternative,  // ${V+x}, ${V:+x}
  };
  std::string name;
  Form form = Form::plain;
  bool empty_counts_as_unset = false;  // the forms with ":"
  std::string argument;                // the x above, as written
  Span where;                          // the scalar that uses it
  std::string path;                    // "services.api.ports[0]"
  std::optional<std::string> value;    // nullopt: nobody sets it
  std::string source;                  // "environment", "deploy/.env:3"; empty: nobody
  // Compose would stop for this one, and a placeholder stands in its place.
  bool placeholder = false;
};

// What Compose warns about, and what was passed over because of `placeholders`.
struct Notice {
  Span where;
  std::string
      code;  // "compose.variable_unset", "compose.version_obsolete", "compose.env_file_missing"
  std::string text;  // a sentence without the place
};

struct StackFile {
  enum class Role : std::uint8_t {
    main,
    override_,
    include,
    extends,
    project_env,
    service_env,
    label
  };
  Role role = Role::main;
  std::filesystem::path path;
  TextPtr text;  // null for a file that is not there
};

struct Project {
  std::string name;
  std::filesystem::path directory;
  // The model: name, services, networks, volumes, secrets, configs, models, x-*. Services whose
  // profile is not enabled are in `disabled`.
  Node tree;
  Node disabled = Node::mapping();
  std::vector<StackFile> files;  // in the order they were first read
  std::vector<VariableUse> variables;
  std::vector<Notice> notices;
  std::vector<Error> refusals;  // with LoadOptions::contradictions alone
  Environment environment;      // what interpolation saw in the main files
  std::vector<TextPtr> texts;   // keeps every span alive

  [[nodiscard]] std::vector<Service> services() const;  // enabled ones, in the files' order
  [[nodiscard]] std::optional<Service> service(std::string_view wanted) const;
  // "services.api.ports[0].published", as a person writes it; nullptr when there is no such value.
  [[nodiscard]] const Node* find(std::string_view path) const;
};

// Errors begin with "file:line:column: " where a file is to blame. Codes: those of yaml.hpp and
// stack.file; compose.no_file, compose.interpolation, compose.required (a variable is missing),
// compose.include, compose.extends, compose.cycle, compose.merge, compose.unknown_key,
// compose.type, compose.port, compose.volume, compose.reference, compose.conflict,
// compose.project_name, compose.env_file.
[[nodiscard]] Result<Project> load_project(const LoadOptions& options);

}  // namespace selvage::stack
