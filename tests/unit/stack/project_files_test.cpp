#include "stack/project_files.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace selvage::stack {
namespace {

namespace fs = std::filesystem;

struct Folder {
  fs::path path;
  Folder() {
    std::string name = (fs::temp_directory_path() / "selvage-files-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { fs::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  void write(const std::string& file, std::string_view bytes) const {
    fs::create_directories((path / file).parent_path());
    std::ofstream(path / file, std::ios::binary) << bytes;
  }
  ProjectFiles find(const ProjectLimits& limits = {}) const {
    auto found = find_project_files(path, limits);
    if (!found) FAIL(found.error().message);
    return std::move(*found);
  }
};

std::string reason(const ProjectFiles& files, std::string_view path) {
  for (const SkippedFile& file : files.skipped) {
    if (file.path == path) return file.reason;
  }
  return "";
}

TEST_CASE("Project files: what a stack is made of, by name and by content") {
  const Folder folder;
  const std::pair<const char*, const char*> files[] = {
      {"compose.yaml", "services: {}\n"},
      {"deploy/stack.yml", "# x\nservices:\n  a: {}\n"},
      {".env", "A=1\n"},
      {".env.example", "A=\n"},
      {".env.bak", "A=0\n"},
      {"worker/Dockerfile", "FROM a\n"},
      {".dockerignore", ".env\n"},
      {".gitignore", ".env\n"},
      {"nginx/conf.d/app.conf", "server {\n  listen 80;\n}\n"},
      {"nginx/templates/app.conf.template", "server { server_name ${D}; }\n"},
      {"redis/redis.conf", "appendonly yes\n"},
      {"prometheus/prometheus.yml", "scrape_configs: []\n"},
      {"prometheus/rules/app.yml", "groups:\n- name: a\n"},
      {"grafana/a.yaml", "apiVersion: 1\ngroups: []\n"},
      {"grafana/ds.yaml", "apiVersion: 1\ndatasources: []\n"},
      {"grafana/p.yaml", "apiVersion: 1\nproviders: []\n"},
      {"grafana/boards/b.json", R"({"panels": [], "schemaVersion": 39})"},
      {"package.json", R"({"name": "x"})"},
      {"loki.yaml", "schema_config: {}\n"},
      {"config.alloy", "loki.write \"a\" {}\n"},
      {"scripts/backup", "#!/usr/bin/env bash\nset -e\n"},
      {"scripts/deploy.sh", "true\n"},
      {"crontab", "0 3 * * * x\n"},
      {".github/workflows/ci.yml", "on: push\njobs: {}\n"},
      {"k8s/api.yaml", "apiVersion: v1\nkind: Service\n"},
      {"README.md", "# x\n"},
      {"secrets/db_password", "x"},
      {"app/main.py", "print()\n"},
      {"app/dockerfile.py", "print()\n"},
  };
  for (const auto& [file, bytes] : files) folder.write(file, bytes);
  const ProjectFiles found = folder.find();
  const auto role = [&](std::string_view path) -> std::string {
    const ProjectFile* file = found.find(path);
    return file == nullptr ? "" : std::string(name(file->role));
  };
  CHECK(role("compose.yaml") == "Compose file");
  CHECK(role("deploy/stack.yml") == "Compose file");
  CHECK(role(".env") == "env file");
  CHECK(role(".env.example") == "env template");
  CHECK(role(".env.bak") == "env file's backup");
  CHECK(role("worker/Dockerfile") == "Dockerfile");
  CHECK(role("nginx/conf.d/app.conf") == "nginx configuration");
  CHECK(role("nginx/templates/app.conf.template") == "nginx template");
  CHECK(role("redis/redis.conf").empty());
  CHECK(role("prometheus/prometheus.yml") == "Prometheus configuration");
  CHECK(role("prometheus/rules/app.yml") == "Prometheus rules");
  CHECK(role("grafana/a.yaml") == "Grafana alerting");
  CHECK(role("grafana/ds.yaml") == "Grafana data sources");
  CHECK(role("grafana/p.yaml") == "Grafana dashboard providers");
  CHECK(role("grafana/boards/b.json") == "Grafana dashboard");
  CHECK(role("package.json").empty());
  CHECK(role("loki.yaml") == "Loki configuration");
  CHECK(role("config.alloy") == "Alloy configuration");
  CHECK(role("scripts/backup") == "script");
  CHECK(role("scripts/deploy.sh") == "script");
  CHECK(role("crontab") == "crontab");
  CHECK(role(".github/workflows/ci.yml") == "workflow");
  CHECK(role("k8s/api.yaml") == "Kubernetes manifest");
  CHECK(role("README.md") == "page");
  CHECK(role("secrets/db_password") == "secret");
  CHECK(role("app/main.py").empty());
  CHECK(role("app/dockerfile.py").empty());
  CHECK(found.has("app/main.py"));
  CHECK_FALSE(found.has("app/other.py"));
  CHECK(found.of(FileRole::compose).size() == 2);
  CHECK(found.find(".env")->text->name() == (folder.path / ".env").string());
  REQUIRE(found.matching("nginx/conf.d/*.conf").size() == 1);
  REQUIRE(found.matching("./nginx/../nginx/conf.d/*.conf").size() == 1);
  CHECK(found.matching("../*").empty());
}

TEST_CASE("Project files: nothing outside of the folder is read") {
  const Folder folder;
  const Folder outside;
  outside.write(".env", "SECRET=1\n");
  folder.write("shared/real.env", "A=1\n");
  fs::create_symlink(outside.path / ".env", folder.path / ".env");
  fs::create_symlink("shared/real.env", folder.path / "prod.env");
  fs::create_directory_symlink(outside.path, folder.path / "out");
  fs::create_directory_symlink(folder.path, folder.path / "loop");
  fs::create_symlink("nowhere", folder.path / "gone.env");
  REQUIRE(::mkfifo((folder.path / "pipe.env").c_str(), 0600) == 0);
  const ProjectFiles found = folder.find();
  CHECK(found.find(".env") == nullptr);
  CHECK(found.find("prod.env")->text->bytes() == "A=1\n");
  CHECK(found.find("pipe.env") == nullptr);
  CHECK(reason(found, ".env").contains("out of the folder"));
  CHECK(reason(found, "out").contains("out of the folder"));
  CHECK(reason(found, "loop").contains("to a folder"));
  CHECK(reason(found, "gone.env").contains("nowhere"));
}

TEST_CASE("Project files: every limit holds and is said") {
  const Folder folder;
  folder.write("node_modules/a/compose.yaml", "services: {}\n");
  folder.write("a/b/c/d.env", "A=1\n");
  folder.write("big.env", std::string(kMaxFileBytes + 1, 'a'));
  folder.write("binary.env", std::string("A=\0", 3));
  for (int i = 0; i < 30; ++i) folder.write(fmt::format("x{:02}.env", i), "A=12345\n");
  const ProjectFiles all = folder.find();
  CHECK(all.files.size() == 31);
  CHECK(reason(all, "node_modules/").contains("nothing of the stack"));
  CHECK(reason(all, "big.env").contains("too many bytes") == false);
  CHECK(reason(all, "big.env").contains("larger than"));
  CHECK(reason(all, "binary.env") == "is not text");
  CHECK(reason(folder.find({.depth = 3}), "a/b/c/").contains("too deep"));
  CHECK(folder.find({.files = 5}).files.size() == 5);
  CHECK(folder.find({.bytes = 80}).files.size() == 10);
  CHECK_FALSE(reason(folder.find({.entries = 10}), "").empty());
  CHECK_FALSE(find_project_files(folder.path / "missing").has_value());
  CHECK_FALSE(find_project_files(folder.path / "x00.env").has_value());
}

}  // namespace
}  // namespace selvage::stack
