#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "stack/detail/project_env.hpp"
#include "stack/detail/steps.hpp"

namespace selvage::stack::detail {

namespace {

namespace fs = std::filesystem;

bool is_remote(std::string_view path) {
  return path.contains("://") || path.starts_with("git@") || path.starts_with("github.com/");
}

// The paths of a text or a list of texts.
Result<std::vector<const Node*>> paths_of(const Node* node, std::string_view key) {
  std::vector<const Node*> paths;
  if (node == nullptr || node->is_null()) return paths;
  if (node->is_string()) {
    paths.push_back(node);
    return paths;
  }
  for (const Node& item : node->items) {
    if (!item.is_string()) {
      return fail_at(item.span, "compose.include", fmt::format("include.{} must be a path", key),
                     "name a file");
    }
    paths.push_back(&item);
  }
  if (!node->is_sequence()) {
    return fail_at(node->span, "compose.include",
                   fmt::format("include.{} must be a path or a list of paths", key), "name a file");
  }
  return paths;
}

fs::path below(const fs::path& directory, std::string_view path) {
  return (directory / fs::path(path)).lexically_normal();
}

class Includer {
 public:
  Includer(const Surroundings& around, std::vector<fs::path> chain, Loading& loading)
      : around_(around), chain_(std::move(chain)), loading_(loading) {}

  Result<void> apply(Node& file, const Node& include) {
    const Node* path = include.is_mapping() ? include.find("path") : &include;
    const auto paths = TRY(paths_of(path, "path"));
    if (paths.empty()) {
      return fail_at(include.span, "compose.include", "this include names no file",
                     "write the path of a Compose file");
    }
    std::vector<fs::path> files;
    for (const Node* each : paths) files.push_back(TRY(checked(*each)));
    const Node* project = include.is_mapping() ? include.find("project_directory") : nullptr;
    fs::path directory = files.front().parent_path();
    if (project != nullptr && !project->text.empty()) {
      directory = below(around_.directory, project->text);
      // the reference takes the directory above one that is not there
      std::error_code ignored;
      if (!fs::is_directory(directory, ignored)) directory = directory.parent_path();
    }
    const Environment environment = TRY(environment_of(include, directory));
    const Surroundings inside{directory, &environment};
    auto loaded = load_group(files, inside, chain_, StackFile::Role::include, loading_);
    if (!loaded) {
      if (loaded.error().code != "stack.file") return fail(loaded.error());
      return fail_at(paths.front()->span, "compose.include", loaded.error().message,
                     loaded.error().hint);
    }
    for (const std::string_view section :
         {"services", "volumes", "networks", "secrets", "configs"}) {
      TRY(take(file, *loaded, section, paths.front()->span));
    }
    return {};
  }

 private:
  Result<fs::path> checked(const Node& path) {
    if (is_remote(path.text)) {
      return fail_at(path.span, "compose.include",
                     fmt::format("{} is far away, and nothing is fetched", in_quotes(path.text)),
                     "keep a copy of the file beside the others and include that");
    }
    fs::path file = below(around_.directory, path.text);
    if (std::ranges::find(chain_, file) != chain_.end()) {
      return fail_at(path.span, "compose.cycle",
                     fmt::format("{} is included by itself in the end", shown_path(file)),
                     "break the circle of includes");
    }
    const std::string inside = file.lexically_relative(loading_.project.directory).string();
    if (inside.starts_with("..")) {
      loading_.notice(path.span, "compose.include_outside",
                      fmt::format("{} lies outside the project's directory", shown_path(file)));
    }
    return file;
  }

  Result<Environment> environment_of(const Node& include, const fs::path& directory) {
    const auto named =
        TRY(paths_of(include.is_mapping() ? include.find("env_file") : nullptr, "env_file"));
    std::vector<EnvSource> sources;
    for (const Node* each : named) {
      sources.push_back({below(around_.directory, each->text), each->span});
    }
    std::error_code ignored;
    if (named.empty() && fs::is_regular_file(directory / ".env", ignored)) {
      sources.push_back({directory / ".env", {}});
    }
    return with_env_files(*around_.environment, sources, loading_);
  }

  static Result<void> take(Node& file, Node& loaded, std::string_view section, Span where) {
    Node* from = loaded.find(section);
    if (from == nullptr || !from->is_mapping()) return {};
    Node* to = file.find(section);
    if (to == nullptr || to->is_null()) to = &file.set(section, Node::mapping(from->span));
    if (!to->is_mapping()) {
      return fail_at(to->span, "compose.type", fmt::format("{} must be a mapping", section),
                     "write one key for each");
    }
    for (Entry& entry : from->entries) {
      if (const Node* known = to->find(entry.key)) {
        if (same_value(*known, entry.value)) continue;
        return fail_at(where, "compose.conflict",
                       fmt::format("{}.{} of the included file conflicts with the one at {}",
                                   section, entry.key, known->span.where()),
                       "rename one of them, or override it in a file given to -f");
      }
      entry.value.remember_all(Step::include, where);
      to->entries.push_back(std::move(entry));
    }
    return {};
  }

  const Surroundings& around_;
  std::vector<fs::path> chain_;
  Loading& loading_;
};

}  // namespace

Result<void> apply_includes(Node& file, const Surroundings& around, std::vector<fs::path> chain,
                            Loading& loading) {
  const Node* found = file.find("include");
  if (found == nullptr) return {};
  const Node list = *found;
  file.erase("include");
  if (list.is_null()) return {};
  if (!list.is_sequence()) {
    return fail_at(list.span, "compose.include", "include must be a list", "begin each with `- `");
  }
  Includer includer(around, std::move(chain), loading);
  for (const Node& include : list.items) {
    if (!include.is_string() && !include.is_mapping()) {
      return fail_at(include.span, "compose.include", "an include is a path or a mapping",
                     "write the path of a Compose file");
    }
    TRY(includer.apply(file, include));
  }
  return {};
}

}  // namespace selvage::stack::detail
