#include "stack/detail/file_role.hpp"

#include <algorithm>
#include <set>
#include <string>

#include "base/text.hpp"

namespace selvage::stack::detail {

namespace {

constexpr std::size_t kMaxSniffed = 256 << 10;

NamedRole known(FileRole role) { return {NameVerdict::known, role}; }

bool contains_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return text.contains(word); });
}

bool is_yaml(std::string_view name) { return name.ends_with(".yml") || name.ends_with(".yaml"); }

// Programs and what is built of them: dockerfile.py reads Dockerfiles and is none.
bool is_code(std::string_view name) {
  constexpr std::string_view kEndings[] = {
      ".py",  ".js",   ".mjs",  ".cjs", ".ts",  ".tsx", ".jsx", ".go",  ".rs",  ".java", ".kt",
      ".rb",  ".php",  ".c",    ".cc",  ".cpp", ".h",   ".hpp", ".o",   ".d",   ".cs",   ".swift",
      ".css", ".html", ".lock", ".sum", ".svg", ".png", ".jpg", ".ico", ".map", ".a",    ".so"};
  return std::ranges::any_of(kEndings, [&](std::string_view end) { return name.ends_with(end); });
}

std::optional<FileRole> env_role(std::string_view name) {
  const bool is_env = name == ".env" || name.starts_with(".env.") || name.starts_with(".env-") ||
                      name.starts_with(".env~") || name.ends_with(".env") ||
                      name.starts_with("env.") || name.contains(".env.");
  if (!is_env) return std::nullopt;
  if (contains_any(name, {"example", "sample", "template", "dist", "default", "tmpl"})) {
    return FileRole::env_template;
  }
  const bool backup = contains_any(name, {"backup", ".bak", ".old", ".orig", ".save", ".swp",
                                          "compromised", "copy"}) ||
                      name.ends_with('~');
  return backup ? FileRole::env_backup : FileRole::env;
}

std::optional<FileRole> pipeline_role(std::string_view path, std::string_view name) {
  const bool workflow = (path.contains(".github/workflows/") && is_yaml(name)) ||
                        name == ".gitlab-ci.yml" || path.ends_with(".circleci/config.yml") ||
                        name == "bitbucket-pipelines.yml" || path.contains(".forgejo/workflows/") ||
                        path.contains(".gitea/workflows/");
  if (workflow) return FileRole::workflow;
  return std::nullopt;
}

bool is_key_file(std::string_view path, std::string_view name) {
  const bool in_secrets = path.starts_with("secrets/") || path.contains("/secrets/");
  return (in_secrets && !contains_any(name, {".md", ".gitignore", ".gitkeep"})) ||
         name.ends_with(".key") || name.ends_with(".p12") || name.ends_with(".pfx") ||
         name.starts_with("id_rsa") || name.starts_with("id_ed25519") ||
         name.ends_with("privkey.pem") || name.ends_with("-key.pem");
}

// The keys that begin a line: enough to tell one configuration from another without a tree.
std::set<std::string, std::less<>> top_level_keys(std::string_view bytes) {
  std::set<std::string, std::less<>> keys;
  for (const std::string_view line : split(bytes, '\n')) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) continue;
    std::string_view key = line.substr(0, colon);
    if (key.size() > 1 && (key[0] == '"' || key[0] == '\'')) key = key.substr(1, key.size() - 2);
    const bool plain = std::ranges::all_of(key, [](char c) {
      return c == '_' || c == '-' || is_digit(c) ||
             (to_lower_ascii(c) >= 'a' && to_lower_ascii(c) <= 'z');
    });
    if (plain) keys.emplace(key);
  }
  return keys;
}

std::optional<FileRole> yaml_role(std::string_view bytes) {
  const auto keys = top_level_keys(bytes);
  const auto has = [&](std::string_view key) { return keys.contains(key); };
  if (has("apiVersion") && has("kind")) return FileRole::kubernetes;
  if (has("scrape_configs")) return FileRole::prometheus;
  if (has("schema_config") || has("limits_config")) return FileRole::loki;
  if (has("clients") && has("positions")) return FileRole::promtail;
  if (has("route") && has("receivers")) return FileRole::alertmanager;
  if (has("apiVersion") && has("datasources")) return FileRole::grafana_datasources;
  if (has("apiVersion") && has("providers")) return FileRole::grafana_providers;
  if (has("contactPoints") || has("muteTimes") || has("policies"))
    return FileRole::grafana_alerting;
  if (has("groups")) {
    return has("apiVersion") ? FileRole::grafana_alerting : FileRole::prometheus_rules;
  }
  if (has("services")) return FileRole::compose;
  if (has("jobs") && has("on")) return FileRole::workflow;
  return std::nullopt;
}

// The words of nginx that begin a line in any of its files.
bool reads_like_nginx(std::string_view bytes) {
  for (const std::string_view line : split(bytes, '\n')) {
    const std::string_view text = trim(line);
    for (const std::string_view word : {"server {", "server{", "upstream ", "location ", "events {",
                                        "proxy_pass ", "listen ", "ssl_certificate "}) {
      if (text.starts_with(word) && (text.ends_with('{') || text.ends_with(';'))) return true;
    }
  }
  return false;
}

bool is_shell_script(std::string_view bytes) {
  const std::string_view line = bytes.substr(0, std::min<std::size_t>(bytes.find('\n'), 100));
  return line.starts_with("#!") && (line.ends_with("sh") || contains_any(line, {"sh ", "sh\r"})) &&
         contains_any(line, {"/sh", "bash", "dash", " sh", "zsh", "ksh"});
}

}  // namespace

NamedRole role_by_name(std::string_view path) {
  const std::string lower = to_lower_ascii(path);
  const std::string_view name = std::string_view(lower).substr(lower.rfind('/') + 1);
  if (is_code(name)) return {};
  if (name == ".gitignore") return known(FileRole::gitignore);
  if (name.ends_with(".dockerignore")) return known(FileRole::dockerignore);
  if (name == ".envrc") return known(FileRole::script);
  if (const auto role = pipeline_role(lower, name)) return known(*role);
  if (const auto role = env_role(name); role && !is_yaml(name) && !name.ends_with(".sh")) {
    if (!name.ends_with(".json") && !name.ends_with(".md")) return known(*role);
  }
  if (is_key_file(lower, name)) return known(FileRole::secret);
  if (name == "dockerfile" || name.starts_with("dockerfile.") || name.ends_with(".dockerfile") ||
      name == "containerfile" || name.starts_with("containerfile.")) {
    return known(FileRole::dockerfile);
  }
  if (name.ends_with(".alloy") || name.ends_with(".river")) return known(FileRole::alloy);
  if (name.ends_with(".md") || name.ends_with(".markdown")) return known(FileRole::page);
  if (name.ends_with(".sh") || name.ends_with(".bash")) return known(FileRole::script);
  if (name == "crontab" || name.starts_with("crontab.") || name.ends_with(".cron") ||
      name.ends_with(".crontab") || lower.contains("cron.d/")) {
    return known(FileRole::crontab);
  }
  if (name.ends_with(".timer") || name.ends_with(".service")) return known(FileRole::systemd_unit);
  if (is_yaml(name)) {
    const bool compose = name.starts_with("docker-compose") || name.starts_with("compose.") ||
                         name.starts_with("compose-");
    return compose ? known(FileRole::compose) : NamedRole{NameVerdict::ask_content};
  }
  if (name == "nginx.conf") return known(FileRole::nginx);
  if (name.ends_with(".template") &&
      (lower.contains("nginx") || name.ends_with(".conf.template"))) {
    return known(FileRole::nginx_template);
  }
  const bool open = name.ends_with(".conf") || name.ends_with(".json") || !name.contains('.');
  return {open ? NameVerdict::ask_content : NameVerdict::none};
}

std::optional<FileRole> role_by_content(std::string_view path, std::string_view bytes) {
  const std::string name = to_lower_ascii(path.substr(path.rfind('/') + 1));
  bytes = bytes.substr(0, kMaxSniffed);
  if (is_yaml(name)) return yaml_role(bytes);
  if (name.ends_with(".conf")) {
    if (reads_like_nginx(bytes)) return FileRole::nginx;
    return std::nullopt;
  }
  if (name.ends_with(".json")) {
    const bool board = bytes.contains("\"panels\"") &&
                       contains_any(bytes, {"\"schemaVersion\"", "\"templating\"", "\"dashboard\"",
                                            "\"timepicker\"", "\"gridPos\""});
    if (board) return FileRole::grafana_dashboard;
    return std::nullopt;
  }
  if (is_shell_script(bytes)) return FileRole::script;
  return std::nullopt;
}

}  // namespace selvage::stack::detail
