// Env files and secret files on the disk: who may read them, and what is in them by mistake.
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "audit/detail/secret_name.hpp"
#include "audit/sightings.hpp"
#include "audit/stack.hpp"
#include "base/text.hpp"

namespace selvage::audit {

namespace {

namespace fs = std::filesystem;
using Role = stack::StackFile::Role;

struct Line {
  std::string_view text;  // without its end
  stack::Span span;
};

std::vector<Line> lines_of(const stack::Text& text) {
  std::vector<Line> lines;
  for (std::size_t number = 1; number <= text.line_count(); ++number) {
    const std::size_t begin = text.line_start(number);
    std::string_view line = text.bytes().substr(begin, text.line_start(number + 1) - begin);
    if (line.ends_with('\n')) line.remove_suffix(1);
    lines.push_back({line,
                     {&text, static_cast<std::uint32_t>(begin),
                      static_cast<std::uint32_t>(begin + line.size())}});
  }
  return lines;
}

// "export NAME=value" -> NAME; empty for comments and what is no assignment.
std::string_view name_in(std::string_view line) {
  line = trim(line);
  if (line.starts_with('#')) return {};
  if (line.starts_with("export ")) line = trim(line.substr(7));
  const auto equals = line.find('=');
  return equals == line.npos ? std::string_view() : trim(line.substr(0, equals));
}

// Each env file once, with what it is for.
std::vector<const stack::StackFile*> env_files(const Stack& stack) {
  std::vector<const stack::StackFile*> files;
  std::set<fs::path> seen;
  for (const stack::StackFile& file : stack.project.files) {
    const bool env = file.role == Role::project_env || file.role == Role::service_env;
    if (env && file.text != nullptr && seen.insert(file.path).second) files.push_back(&file);
  }
  return files;
}

bool holds_secrets(const stack::Text& text) {
  return std::ranges::any_of(lines_of(text), [](const Line& line) {
    return names_a_secret(name_in(line.text)) && !line.text.ends_with('=');
  });
}

std::optional<unsigned> permissions_of(const fs::path& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return status.st_mode & 0777U;
}

void file_permissions(const Stack& stack, Sightings& out) {
  for (const stack::StackFile* file : env_files(stack)) {
    const auto mode = permissions_of(file->path);
    if (!mode || (*mode & 0077U) == 0 || !holds_secrets(*file->text)) continue;
    out.in_file(file->text->name(), "permissions",
                fmt::format("The file holds secrets and its mode is {:04o}", *mode))
        .how = fmt::format("chmod 600 {}", file->path.filename().string());
  }
}

bool is_backup(std::string_view name) {
  if (!name.starts_with(".env") && !name.contains(".env")) return false;
  for (const std::string_view word :
       {".bak", ".backup", ".old", ".orig", ".save", ".compromised"}) {
    if (name.contains(word)) return true;
  }
  return name.ends_with('~') || name.ends_with(".swp");
}

void backup_left(const Stack& stack, Sightings& out) {
  constexpr std::size_t kMostEntries = 10'000;
  std::error_code error;  // a folder that cannot be listed has been told by whoever read its files
  std::size_t count = 0;
  std::vector<std::string> names;
  for (fs::directory_iterator entry(stack.project.directory, error), end;
       !error && entry != end && ++count <= kMostEntries; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (is_backup(name) && entry->is_regular_file(error)) names.push_back(name);
  }
  std::ranges::sort(names);
  for (const std::string& name : names) {
    out.in_file(name, "backup", fmt::format("{} is a copy of an env file", name));
  }
}

void unused(const Stack& stack, Sightings& out) {
  std::set<std::string_view> used;
  for (const stack::VariableUse& use : stack.project.variables) used.insert(use.name);
  std::set<fs::path> whole;  // given to a service as they are
  for (const stack::StackFile& file : stack.project.files) {
    if (file.role == Role::service_env) whole.insert(file.path);
  }
  for (const Service& service : stack.services()) {
    for (const stack::NamedValue& variable : service.environment()) used.insert(variable.name);
  }
  for (const stack::StackFile* file : env_files(stack)) {
    if (file->role != Role::project_env || whole.contains(file->path)) continue;
    for (const Line& line : lines_of(*file->text)) {
      const std::string_view name = name_in(line.text);
      if (name.empty() || used.contains(name) || name.starts_with("COMPOSE_") ||
          name.starts_with("DOCKER_")) {
        continue;
      }
      out.at(line.span, fmt::format("variables.{}", name),
             fmt::format("No Compose file reads {}", name));
    }
  }
}

std::optional<std::string_view> malformation(std::string_view line) {
  if (line.ends_with('\r')) return "ends as lines on Windows do, and the value may keep it";
  if (line.starts_with("\xEF\xBB\xBF")) return "begins with a byte-order mark";
  if (name_in(line).empty()) return std::nullopt;
  const std::string_view value = line.substr(line.find('=') + 1);
  if (line.find('=') > 0 && line[line.find('=') - 1] == ' ')
    return "has a blank before the equals sign";
  const bool quoted = !value.empty() && (value[0] == '"' || value[0] == '\'');
  if (!quoted && value.ends_with(' ')) return "ends with a blank that nobody sees";
  return std::nullopt;
}

void malformed(const Stack& stack, Sightings& out) {
  for (const stack::StackFile* file : env_files(stack)) {
    for (const Line& line : lines_of(*file->text)) {
      const auto wrong = malformation(line.text);
      if (!wrong) continue;
      const std::string_view name = name_in(line.text);
      out.at(line.span, fmt::format("line of {}", name),
             fmt::format("{} {}", name.empty() ? "The line" : name, *wrong));
      if (line.text.ends_with('\r')) break;  // all others do, too
    }
  }
}

void secret_file(const Stack& stack, Sightings& out) {
  const stack::Node* secrets = stack.project.tree.find("secrets");
  if (secrets == nullptr) return;
  for (const stack::Entry& entry : secrets->entries) {
    const std::string file(entry.value.string_at("file"));
    if (file.empty() || file.contains(stack::kPlaceholder)) continue;
    const fs::path path = stack.project.directory / file;
    struct stat status{};
    const bool there = ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
    std::string wrong;
    if (there && status.st_size == 0) wrong = "is empty";
    if (there && (status.st_mode & 0007U) != 0) {
      wrong =
          fmt::format("may be read by everybody on the host (mode {:04o})", status.st_mode & 0777U);
    }
    if (wrong.empty()) continue;  // a file that is not in the repository is as it should be
    out.at(entry.key_span, fmt::format("secrets.{}", entry.key),
           fmt::format("The file of the secret {} {}", entry.key, wrong));
  }
}

constexpr Rule kRules[] = {
    {"env-file-perms", Severity::high, FixKind::none, "Others may read an env file with secrets",
     "Every account of the host, and every service that runs as one, can read the passwords.",
     "chmod 600 .env", "CIS Docker Benchmark, file permissions", "-rw-r--r-- .env",
     "-rw------- .env", file_permissions},
    {"env-backup-left", Severity::high, FixKind::none, "A copy of an env file lies around",
     "Nobody thinks of it when secrets are changed or files are published, and old secrets are "
     "often still good.",
     "Delete it, and change what is in it if it was ever shared.",
     "OWASP Secrets Management Cheat Sheet", ".env .env.bak", ".env", backup_left},
    {"env-unused", Severity::info, FixKind::none, "A variable is read by nobody",
     "It is left over, or misspelt, and then what should read it has its fallback.",
     "Delete the line, or mend the name.", "Compose specification, interpolation",
     "# .env\nAPI_VERSON=1.4", "# .env\nAPI_VERSION=1.4", unused},
    {"env-malformed", Severity::info, FixKind::none, "A line of an env file is not what it seems",
     "Blanks, carriage returns and byte-order marks become part of names and values: a password "
     "that looks right is refused.",
     "Write NAME=value, with quotes where blanks belong to the value, and lines that end with a "
     "line feed.",
     "Compose documentation, env file syntax", "API_VERSION =1.4", "API_VERSION=1.4", malformed},
    {"sec-file-source", Severity::high, FixKind::none, "A secret's file is empty or open to all",
     "The service starts with an empty secret, or every account of the host knows it.",
     "Write the secret into it, without a line end, and chmod 600.",
     "Compose documentation, secrets", "-rw-r--r-- secrets/db_password",
     "-rw------- secrets/db_password", secret_file},
};

}  // namespace

RuleTable env_files_rules() { return {kRules}; }

}  // namespace selvage::audit
