#include "stack/compose.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "stack/detail/project_env.hpp"
#include "stack/detail/steps.hpp"
#include "stack/template.hpp"

namespace selvage::stack {

namespace {

namespace fs = std::filesystem;
using detail::Loading;

constexpr std::string_view kDefaultFiles[] = {"compose.yaml", "compose.yml", "docker-compose.yml",
                                              "docker-compose.yaml"};
constexpr std::string_view kOverrideFiles[] = {"compose.override.yml", "compose.override.yaml",
                                               "docker-compose.override.yml",
                                               "docker-compose.override.yaml"};

fs::path absolute_path(const fs::path& path) {
  std::error_code ignored;
  const fs::path result = fs::absolute(path, ignored).lexically_normal();
  return result.has_filename() ? result : result.parent_path();
}

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored) && !fs::is_directory(path, ignored);
}

// Lower case, without what a project's name cannot hold.
std::string project_name_from(std::string_view text) {
  std::string name;
  for (const char c : to_lower_ascii(text)) {
    if (is_digit(c) || (c >= 'a' && c <= 'z') || c == '_' || c == '-') name += c;
  }
  return name.substr(std::min(name.find_first_not_of("_-"), name.size()));
}

Environment shell_environment(const LoadOptions& options) {
  Environment environment;
  for (const auto& [name, value] : options.environment) {
    environment.emplace(name, KnownVariable{value, "environment"});
  }
  return environment;
}

std::string value_of(const Environment& environment, std::string_view name) {
  const auto known = environment.find(name);
  return known != environment.end() ? known->second.value : std::string();
}

Result<std::vector<fs::path>> find_default_files(fs::path directory, Loading& loading) {
  const fs::path start = directory;
  while (true) {
    std::vector<fs::path> found;
    for (const std::string_view name : kDefaultFiles) {
      if (is_file(directory / name)) found.push_back(directory / name);
    }
    if (!found.empty()) {
      if (found.size() > 1) {
        loading.notice({}, "compose.several_files",
                       fmt::format("{} holds several Compose files; {} is used",
                                   shown_path(directory), found.front().filename().string()));
      }
      found.resize(1);
      for (const std::string_view name : kOverrideFiles) {
        if (!is_file(directory / name)) continue;
        found.push_back(directory / name);
        break;
      }
      return found;
    }
    if (directory == directory.parent_path()) break;
    directory = directory.parent_path();
  }
  return fail(
      ErrorKind::invalid, "compose.no_file",
      fmt::format("{} has no Compose file, nor has a directory above it", shown_path(start)),
      "write compose.yaml, or name the file");
}

struct Start {
  fs::path directory;
  std::vector<fs::path> files;
  Environment environment;
};

Result<Environment> environment_at(const fs::path& directory, Loading& loading) {
  std::vector<detail::EnvSource> sources;
  for (const fs::path& file : loading.options.env_files)
    sources.push_back({absolute_path(file), {}});
  std::error_code ignored;
  if (sources.empty() && fs::is_regular_file(directory / ".env", ignored)) {
    sources.push_back({directory / ".env", {}});
  }
  return detail::with_env_files(shell_environment(loading.options), sources, loading);
}

Result<Start> begin(Loading& loading) {
  const LoadOptions& options = loading.options;
  Start start;
  for (const fs::path& file : options.files) start.files.push_back(absolute_path(file));
  start.directory = absolute_path(options.directory.empty() ? fs::path(".") : options.directory);
  if (options.directory.empty() && !start.files.empty()) {
    start.directory = start.files.front().parent_path();
  }
  start.environment = TRY(environment_at(start.directory, loading));
  if (!start.files.empty()) return start;
  if (const std::string named = value_of(start.environment, "COMPOSE_FILE"); !named.empty()) {
    const std::string separator = value_of(start.environment, "COMPOSE_PATH_SEPARATOR");
    for (const auto each : split(named, separator.size() == 1 ? separator[0] : ':')) {
      start.files.push_back((start.directory / fs::path(each)).lexically_normal());
    }
  } else {
    start.files = TRY(find_default_files(start.directory, loading));
  }
  // the file's directory is the project's
  const fs::path there = start.files.front().parent_path();
  if (options.directory.empty() && there != start.directory) {
    start.directory = there;
    start.environment = TRY(environment_at(there, loading));
  }
  return start;
}

// Whether some key may be `name`: spares most files a second reading.
bool may_hold_name(std::string_view bytes) {
  constexpr std::string_view kName = "name";
  for (std::size_t at = 0; (at = bytes.find(kName, at)) != std::string_view::npos; ++at) {
    const char before = at > 0 ? to_lower_ascii(bytes[at - 1]) : '\n';
    if (!(before >= 'a' && before <= 'z') && before != '_' && before != '-') return true;
  }
  return false;
}

// What the last of the files says, substituted; empty when none does.
Result<std::string> name_in_files(const Start& start, Loading& loading) {
  const Node* name = nullptr;
  std::vector<Document> all;
  for (const fs::path& file : start.files) {
    const bool first = &file == &start.files.front();
    const auto text =
        loading.read(file, first ? StackFile::Role::main : StackFile::Role::override_);
    if (!text) continue;  // said when the file is loaded
    if (!may_hold_name((*text)->bytes())) continue;
    auto documents = parse_yaml(*text, {.merge_keys = false});
    if (!documents) continue;
    std::ranges::move(*documents, std::back_inserter(all));
  }
  for (const Document& document : all) {
    const Node* found = document.root.find("name");
    if (found != nullptr && found->is_string() && !found->text.empty()) name = found;
  }
  if (name == nullptr) return std::string();
  const auto lookup = [&](const Reference& found) -> std::optional<std::string> {
    const auto known = start.environment.find(found.name);
    if (known == start.environment.end()) return std::nullopt;
    return known->second.value;
  };
  auto substituted = substitute(name->text, lookup);
  if (!substituted) {
    return fail_at(name->span, substituted.error().code,
                   fmt::format("name: {}", substituted.error().message), substituted.error().hint);
  }
  return project_name_from(*substituted);
}

Result<std::string> choose_name(const Start& start, Loading& loading) {
  std::string given = loading.options.project_name;
  if (given.empty()) given = value_of(start.environment, "COMPOSE_PROJECT_NAME");
  if (!given.empty()) {
    if (project_name_from(given) == given) return given;
    return fail(ErrorKind::invalid, "compose.project_name",
                fmt::format("the project name {} is not valid", in_quotes(given)),
                "use lower-case letters, digits, - and _, a letter or digit first");
  }
  std::string name = TRY(name_in_files(start, loading));
  if (name.empty()) name = project_name_from(start.directory.filename().string());
  if (!name.empty()) return name;
  return fail(ErrorKind::invalid, "compose.project_name", "the project has no name",
              "add `name:` to the Compose file");
}

void drop_unused(Project& project) {
  std::map<std::string, std::vector<std::string_view>, std::less<>> used;
  for (const Service& service : project.services()) {
    for (const std::string_view network : service.networks()) used["networks"].push_back(network);
    for (const Mount& mount : service.mounts()) {
      const Node* source = mount.node->find("source");
      if (mount.type == "volume" && source != nullptr) used["volumes"].push_back(source->text);
    }
    const auto add_sources = [&](const Node* list, std::string_view section) {
      if (list == nullptr) return;
      for (const Node& item : list->items) {
        if (const Node* source = item.find("source")) {
          used[std::string(section)].push_back(source->text);
        }
      }
    };
    add_sources(service.find("secrets"), "secrets");
    add_sources(service.node().at({"build", "secrets"}), "secrets");
    add_sources(service.find("configs"), "configs");
    if (const Node* models = service.find("models")) {
      for (const Entry& entry : models->entries) used["models"].push_back(entry.key);
    }
  }
  for (const std::string_view section : {"networks", "volumes", "secrets", "configs", "models"}) {
    Node* found = project.tree.find(section);
    if (found == nullptr) continue;
    const auto& names = used[std::string(section)];
    std::erase_if(found->entries, [&](const Entry& entry) {
      return std::ranges::find(names, entry.key) == names.end();
    });
  }
}

std::vector<std::string> profiles_of(const LoadOptions& options, const Environment& environment) {
  if (!options.profiles.empty()) return options.profiles;
  std::vector<std::string> profiles;
  const std::string named = value_of(environment, "COMPOSE_PROFILES");
  if (named.empty()) return profiles;
  for (const std::string_view each : split(named, ',')) profiles.emplace_back(trim(each));
  return profiles;
}

}  // namespace

Result<Project> load_project(const LoadOptions& options) {
  Loading loading{.options = options, .project = {}};
  Start start = TRY(begin(loading));
  Project& project = loading.project;
  project.directory = start.directory;
  project.name = TRY(choose_name(start, loading));
  start.environment.insert_or_assign("COMPOSE_PROJECT_NAME",
                                     KnownVariable{project.name, "the project's name"});
  const detail::Surroundings around{start.directory, &start.environment};
  project.tree = TRY(detail::load_group(start.files, around, {}, StackFile::Role::main, loading));
  if (project.tree.entries.empty()) {
    return fail(ErrorKind::invalid, "compose.no_file",
                fmt::format("{}: the file is empty", shown_path(start.files.front())),
                "write `services:` and at least one service");
  }
  project.tree.set("name", Node::string(project.name));
  TRY(detail::normalise(project.tree, project.name, start.environment));
  TRY(detail::bind_fields(project.tree, loading));
  project.environment = std::move(start.environment);
  detail::split_profiles(project, profiles_of(options, project.environment));
  TRY(detail::check_consistency(project, options.contradictions ? &project.refusals : nullptr));
  TRY(detail::resolve_service_files(loading));
  if (!options.keep_unused) drop_unused(project);
  return std::move(project);
}

std::vector<Service> Project::services() const {
  std::vector<Service> result;
  const Node* found = tree.find("services");
  if (found == nullptr) return result;
  for (const Entry& entry : found->entries) result.emplace_back(entry);
  return result;
}

std::optional<Service> Project::service(std::string_view wanted) const {
  const Node* found = tree.find("services");
  const Entry* entry = found != nullptr ? found->entry(wanted) : nullptr;
  if (entry == nullptr) return std::nullopt;
  return Service(*entry);
}

const Node* Project::find(std::string_view path) const {
  const Node* node = &tree;
  while (node != nullptr && !path.empty()) {
    if (path.front() == '[') {
      const std::size_t end = std::min(path.find(']'), path.size());
      std::size_t index = 0;
      const auto [stop, error] = std::from_chars(path.data() + 1, path.data() + end, index);
      if (error != std::errc{} || index >= node->items.size()) return nullptr;
      node = &node->items[index];
      path.remove_prefix(std::min(end + 1, path.size()));
    } else {
      if (path.front() == '.') path.remove_prefix(1);
      // names may hold dots: the longest key that fits is meant
      const Entry* best = nullptr;
      for (const Entry& entry : node->entries) {
        const bool fits = path.starts_with(entry.key) &&
                          (path.size() == entry.key.size() || path[entry.key.size()] == '.' ||
                           path[entry.key.size()] == '[');
        if (fits && (best == nullptr || entry.key.size() > best->key.size())) best = &entry;
      }
      node = best != nullptr ? &best->value : nullptr;
      if (best != nullptr) path.remove_prefix(best->key.size());
    }
  }
  return node;
}

}  // namespace selvage::stack
