#include "stack/project_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "stack/detail/file_role.hpp"
#include "stack/glob.hpp"

namespace selvage::stack {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxSkipped = 200;
constexpr std::size_t kMaxSniffed = 1 << 20;  // of a file whose name says nothing

constexpr std::array<std::string_view, 22> kPassedOver = {
    ".git",         ".hg",           ".svn",
    "node_modules", ".venv",         "venv",
    "__pycache__",  ".tox",          ".mypy_cache",
    ".ruff_cache",  ".cache",        ".pytest_cache",
    ".terraform",   ".next",         ".nuxt",
    ".gradle",      ".idea",         ".vscode",
    "vendor",       "site-packages", "bower_components",
    ".pnpm-store"};

class Walk {
 public:
  Walk(const fs::path& folder, const ProjectLimits& limits) : limits_(limits) {
    found_.folder = folder;
  }

  Result<ProjectFiles> run() {
    std::error_code error;
    root_ = fs::canonical(found_.folder, error);
    if (error || !fs::is_directory(root_, error)) {
      return fail(ErrorKind::invalid, "stack.folder",
                  fmt::format("{}: {}", found_.folder.string(),
                              error ? error.message() : "is not a folder"),
                  "name the folder that holds the Compose files");
    }
    visit("", 0);
    if (!root_readable_) {
      return fail(ErrorKind::invalid, "stack.folder",
                  fmt::format("{}: cannot be read", found_.folder.string()),
                  "check its permissions");
    }
    std::ranges::sort(found_.files, {}, &ProjectFile::path);
    std::ranges::sort(found_.paths);
    return std::move(found_);
  }

 private:
  void skip(std::string path, std::string reason) {
    if (found_.skipped.size() < kMaxSkipped) {
      found_.skipped.push_back({std::move(path), std::move(reason)});
    } else {
      ++found_.skipped_more;
    }
  }

  void visit(const std::string& prefix, std::size_t depth) {
    std::error_code error;
    fs::directory_iterator entries(root_ / prefix, error);
    if (error) {
      if (depth == 0) root_readable_ = false;
      return skip(prefix, error.message());
    }
    std::vector<fs::directory_entry> sorted;
    for (; entries != fs::directory_iterator() && !full_; entries.increment(error)) {
      if (error) break;
      full_ = ++seen_ > limits_.entries;
      sorted.push_back(*entries);
    }
    if (full_) {
      skip(prefix, fmt::format("more than {} files and folders; what is left is not looked at",
                               limits_.entries));
    }
    std::ranges::sort(sorted, {}, [](const fs::directory_entry& entry) { return entry.path(); });
    for (const fs::directory_entry& entry : sorted) take(entry, prefix, depth);
  }

  void take(const fs::directory_entry& entry, const std::string& prefix, std::size_t depth) {
    std::error_code error;
    const std::string base = entry.path().filename().string();
    const std::string path = prefix + base;
    switch (entry.symlink_status(error).type()) {
      case fs::file_type::directory:
        if (std::ranges::find(kPassedOver, base) != kPassedOver.end()) {
          return skip(path + "/", "holds nothing of the stack by its name");
        }
        if (depth + 1 >= limits_.depth) return skip(path + "/", "lies too deep");
        return visit(path + "/", depth + 1);
      case fs::file_type::regular:
        found_.paths.push_back(path);
        return consider(path, entry.path());
      case fs::file_type::symlink:
        return follow(path, entry.path());
      default:
        return;  // sockets, pipes and devices belong to no stack's files
    }
  }

  void follow(const std::string& path, const fs::path& link) {
    std::error_code error;
    const fs::path target = fs::canonical(link, error);
    if (error) return skip(path, "is a symbolic link that leads nowhere");
    const auto [end, ignored] = std::ranges::mismatch(root_, target);
    if (end != root_.end()) return skip(path, "is a symbolic link out of the folder");
    if (!fs::is_regular_file(target, error)) return skip(path, "is a symbolic link to a folder");
    found_.paths.push_back(path);
    consider(path, target);
  }

  void consider(const std::string& path, const fs::path& place) {
    const detail::NamedRole named = detail::role_by_name(path);
    if (named.verdict == detail::NameVerdict::none) return;
    std::error_code error;
    const auto size = fs::file_size(place, error);
    if (error) return skip(path, error.message());
    const bool by_content = named.verdict == detail::NameVerdict::ask_content;
    if (by_content && size > kMaxSniffed) return;
    if (found_.files.size() >= limits_.files) {
      return skip(path, fmt::format("more than {} files", limits_.files));
    }
    if (bytes_ + size > limits_.bytes) return skip(path, "the files before it are too many bytes");
    auto text = read(path, place);
    if (!text) return skip(path, text.error().message);
    std::optional<FileRole> role = named.role;
    if (by_content) role = detail::role_by_content(path, (*text)->bytes());
    if (!role) return;
    if ((*text)->bytes().substr(0, 8000).contains('\0') && *role != FileRole::secret) {
      return skip(path, "is not text");
    }
    bytes_ += (*text)->bytes().size();
    const auto mode = fs::status(place, error).permissions();
    found_.files.push_back({path, *role, std::move(*text), static_cast<std::uint32_t>(mode)});
  }

  // Under the name that a person would type.
  Result<TextPtr> read(const std::string& path, const fs::path& place) const {
    auto text = TRY(Text::read(place));
    const fs::path shown = found_.folder == "." ? fs::path(path) : found_.folder / path;
    return std::make_shared<const Text>(shown.string(), std::string(text->bytes()));
  }

  ProjectLimits limits_;
  fs::path root_;
  ProjectFiles found_;
  std::size_t seen_ = 0;
  std::size_t bytes_ = 0;
  bool full_ = false;
  bool root_readable_ = true;
};

}  // namespace

std::string_view name(FileRole role) {
  switch (role) {
    case FileRole::compose:
      return "Compose file";
    case FileRole::env:
      return "env file";
    case FileRole::env_template:
      return "env template";
    case FileRole::env_backup:
      return "env file's backup";
    case FileRole::dockerfile:
      return "Dockerfile";
    case FileRole::dockerignore:
      return ".dockerignore";
    case FileRole::gitignore:
      return ".gitignore";
    case FileRole::nginx:
      return "nginx configuration";
    case FileRole::nginx_template:
      return "nginx template";
    case FileRole::prometheus:
      return "Prometheus configuration";
    case FileRole::prometheus_rules:
      return "Prometheus rules";
    case FileRole::alertmanager:
      return "Alertmanager configuration";
    case FileRole::grafana_dashboard:
      return "Grafana dashboard";
    case FileRole::grafana_datasources:
      return "Grafana data sources";
    case FileRole::grafana_providers:
      return "Grafana dashboard providers";
    case FileRole::grafana_alerting:
      return "Grafana alerting";
    case FileRole::loki:
      return "Loki configuration";
    case FileRole::promtail:
      return "Promtail configuration";
    case FileRole::alloy:
      return "Alloy configuration";
    case FileRole::script:
      return "script";
    case FileRole::crontab:
      return "crontab";
    case FileRole::systemd_unit:
      return "systemd unit";
    case FileRole::workflow:
      return "workflow";
    case FileRole::kubernetes:
      return "Kubernetes manifest";
    case FileRole::page:
      return "page";
    case FileRole::secret:
      return "secret";
  }
  return "file";
}

const ProjectFile* ProjectFiles::find(std::string_view path) const {
  const auto found = std::ranges::lower_bound(files, path, {}, &ProjectFile::path);
  return found != files.end() && found->path == path ? &*found : nullptr;
}

std::vector<const ProjectFile*> ProjectFiles::of(FileRole role) const {
  std::vector<const ProjectFile*> found;
  for (const ProjectFile& file : files) {
    if (file.role == role) found.push_back(&file);
  }
  return found;
}

bool ProjectFiles::has(std::string_view path) const {
  return std::ranges::binary_search(paths, path);
}

std::vector<const ProjectFile*> ProjectFiles::matching(std::string_view pattern) const {
  std::vector<const ProjectFile*> found;
  const Glob glob(fs::path(pattern).lexically_normal().string(), GlobDialect::plain);
  for (const ProjectFile& file : files) {
    if (glob.matches(file.path)) found.push_back(&file);
  }
  return found;
}

Result<ProjectFiles> find_project_files(const fs::path& folder, const ProjectLimits& limits) {
  return Walk(folder, limits).run();
}

}  // namespace selvage::stack
