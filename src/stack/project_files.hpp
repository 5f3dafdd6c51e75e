// What belongs to a stack: one walk over its folder finds Compose files, env files, Dockerfiles,
// proxy, monitoring and pipeline configuration, scripts and pages, by name and by content, and
// reads each once. Nothing outside of the folder is read: a symbolic link counts only when it leads
// to a file inside. Synchronous; any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "stack/text.hpp"

namespace selvage::stack {

enum class FileRole : std::uint8_t {
  compose,
  env,
  env_template,  // .env.example
  env_backup,    // .env.bak, .env.old
  dockerfile,
  dockerignore,
  gitignore,
  nginx,
  nginx_template,  // filled in by envsubst
  prometheus,
  prometheus_rules,
  alertmanager,
  grafana_dashboard,
  grafana_datasources,
  grafana_providers,  // of dashboards
  grafana_alerting,
  loki,
  promtail,
  alloy,
  script,
  crontab,
  systemd_unit,
  workflow,
  kubernetes,
  page,    // Markdown
  secret,  // keys, certificates' keys, files in a folder called secrets
};
[[nodiscard]] std::string_view name(FileRole role);

struct ProjectFile {
  std::string path;  // relative to the folder, with '/'
  FileRole role = FileRole::page;
  TextPtr text;
  std::uint32_t permissions = 0;  // 0644
};

struct SkippedFile {
  std::string path;  // a folder's ends with '/'
  std::string reason;
};

struct ProjectLimits {
  std::size_t entries = 20'000;  // files and folders looked at
  std::size_t files = 2'000;     // that are read and kept
  std::size_t bytes = 64 << 20;  // of all that is kept
  std::size_t depth = 12;
};

struct ProjectFiles {
  std::filesystem::path folder;
  std::vector<ProjectFile> files;    // sorted by path
  std::vector<std::string> paths;    // of all regular files, read or not; sorted
  std::vector<SkippedFile> skipped;  // at most 200, then how many more
  std::size_t skipped_more = 0;

  [[nodiscard]] const ProjectFile* find(std::string_view path) const;
  [[nodiscard]] std::vector<const ProjectFile*> of(FileRole role) const;
  [[nodiscard]] bool has(std::string_view path) const;
  // The read files that a pattern relative to the folder names, as nginx' include has it. A pattern
  // that leads out of the folder names none.
  [[nodiscard]] std::vector<const ProjectFile*> matching(std::string_view pattern) const;
};

// Errors: stack.folder (missing, no folder, unreadable).
[[nodiscard]] Result<ProjectFiles> find_project_files(const std::filesystem::path& folder,
                                                      const ProjectLimits& limits = {});

}  // namespace selvage::stack
