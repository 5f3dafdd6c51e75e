// Data stores: does the data outlive the container, and who may read it?
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "audit/detail/address.hpp"
#include "audit/detail/written.hpp"
#include "audit/sightings.hpp"
#include "audit/stack.hpp"
#include "base/text.hpp"
#include "base/units.hpp"

namespace selvage::audit {

namespace {

bool is_redis(const Service& service) {
  const std::string name = service.image_name().name;
  return name == "redis" || name == "valkey" || name == "keydb" || name == "redis-stack-server";
}

// The image of the PostgreSQL project and those built on it; Bitnami's reads other variables.
bool is_official_postgres(const Service& service) {
  const std::string name = service.image_name().name;
  return name == "postgres" || name == "postgis" || name == "pgvector" || name == "timescaledb";
}

// `path` itself or a folder above it is a mount that outlives the container.
const stack::Mount* mount_of(const std::vector<stack::Mount>& mounts, std::string_view path) {
  for (const stack::Mount& mount : mounts) {
    std::string target = mount.target;
    while (target.size() > 1 && target.ends_with('/')) target.pop_back();
    if (path == target || path.starts_with(target + "/")) return &mount;
  }
  return nullptr;
}

bool keeps_data(const Service& service) {
  const auto mounts = service.mounts();
  for (const std::string_view path : split(service.facts().data, ' ')) {
    const stack::Mount* mount = mount_of(mounts, path);
    if (mount != nullptr && mount->type != "tmpfs") return true;
    // a subfolder, as PGDATA may name it
    if (std::ranges::any_of(mounts, [&](const stack::Mount& one) {
          return one.type != "tmpfs" && one.target.starts_with(fmt::format("{}/", path));
        })) {
      return true;
    }
  }
  return false;
}

std::string command_of(const Service& service) {
  return " " + service.words("entrypoint") + " " + service.words("command") + " ";
}

// Redis is told by a file what to do; what it says is not known here.
bool has_config_file(const std::string& command) { return command.contains(".conf"); }

std::string option_of(const std::string& command, std::string_view option) {
  const auto at = command.find(fmt::format("--{} ", option));
  if (at == command.npos) return "";
  const std::string_view rest = trim(std::string_view(command).substr(at + option.size() + 2));
  return std::string(rest.substr(0, rest.find(' ')));
}

void no_volume(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    const ImageFacts& facts = service.facts();
    const bool holds = facts.role == Role::database || facts.role == Role::broker;
    if (!holds || facts.data.empty() || keeps_data(service)) continue;
    Finding& finding = out.of(
        service,
        fmt::format("The data of {} lies in the container and goes with it", service.name()));
    const std::string volume = fmt::format("{}-data", service.name());
    const std::string mount = fmt::format("\"{}:{}\"", volume, split(facts.data, ' ').front());
    finding.how = fmt::format("volumes: [{}]", mount);
    const stack::Node* own = own_member(stack, service, "volumes");
    if (own == nullptr && service.find("volumes") != nullptr) continue;
    finding.changes = own == nullptr ? add_member(stack, service, "volumes", "[" + mount + "]")
                                     : append_item(stack, own->span, mount);
    std::ranges::move(add_at_top(stack, service, "volumes", volume + ": {}"),
                      std::back_inserter(finding.changes));
  }
}

void anonymous_volume(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    for (const stack::Mount& mount : service.mounts()) {
      if (mount.type != "volume" || !mount.source.empty()) continue;
      out.in(service, mount.node, fmt::format("volumes {}", mount.target),
             fmt::format("The volume of {} at {} has no name", service.name(), mount.target));
    }
  }
}

// A cache on purpose: nothing is kept, and what is old makes room.
bool is_cache_on_purpose(const std::string& command) {
  return option_of(command, "maxmemory-policy").starts_with("allkeys") &&
         option_of(command, "appendonly") != "yes";
}

void redis_persistence(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    if (!is_redis(service)) continue;
    const std::string command = command_of(service);
    if (is_cache_on_purpose(command)) continue;
    if (!keeps_data(service)) {
      out.of(service, fmt::format("{} keeps its data in the container", service.name())).how =
          fmt::format("volumes: [\"{}-data:/data\"] and --appendonly yes", service.name());
      continue;
    }
    if (has_config_file(command) || option_of(command, "appendonly") == "yes" ||
        service.variable("REDIS_AOF_ENABLED") == "yes" || service.image().starts_with("bitnami/")) {
      continue;
    }
    out.in(service, service.find("command"), "command",
           fmt::format("{} keeps no append-only file: a crash loses minutes of writes",
                       service.name()));
  }
}

void redis_auth(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    if (!is_redis(service)) continue;
    const std::string command = command_of(service);
    if (has_config_file(command) || command.contains("--requirepass") ||
        command.contains("--aclfile") || command.contains("--user ") ||
        service.variable("REDIS_PASSWORD") || service.variable("REDIS_PASSWORD_FILE") ||
        service.variable("VALKEY_PASSWORD") || service.variable("REDIS_ARGS")) {
      continue;
    }
    out.of(service, fmt::format("{} answers anybody who reaches it", service.name()));
  }
}

// Who sends tasks through it.
bool is_broker(const Stack& stack, const Service& redis) {
  for (const Service& service : stack.services()) {
    for (const stack::NamedValue& variable : service.environment()) {
      const std::string_view name = variable.name;
      if (!name.contains("BROKER") && !name.contains("QUEUE") && !name.contains("CELERY") &&
          !name.contains("SIDEKIQ")) {
        continue;
      }
      const auto address = address_in(variable.value.value_or(""));
      if (address && address->host == redis.name()) return true;
    }
  }
  return false;
}

void redis_eviction(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    if (!is_redis(service)) continue;
    const std::string policy = option_of(command_of(service), "maxmemory-policy");
    if (policy.empty() || policy == "noeviction" || !is_broker(stack, service)) continue;
    out.in(
        service, service.find("command"), "command maxmemory-policy",
        fmt::format("{} carries tasks and deletes by {} when it is full", service.name(), policy));
  }
}

void pg_trust(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    if (service.variable("POSTGRES_HOST_AUTH_METHOD") != "trust") continue;
    out.in(service, service.at({"environment", "POSTGRES_HOST_AUTH_METHOD"}),
           "environment.POSTGRES_HOST_AUTH_METHOD",
           fmt::format("{} lets everybody in as any user without a password", service.name()));
  }
}

void pg_bogus_env(const Stack& stack, Sightings& out) {
  constexpr std::array<std::string_view, 10> kReadByNobody = {
      "POSTGRES_SHARED_BUFFERS",
      "POSTGRES_MAX_CONNECTIONS",
      "POSTGRES_WORK_MEM",
      "POSTGRES_EFFECTIVE_CACHE_SIZE",
      "POSTGRES_MAINTENANCE_WORK_MEM",
      "POSTGRES_WAL_BUFFERS",
      "POSTGRES_MAX_WAL_SIZE",
      "POSTGRES_MIN_WAL_SIZE",
      "POSTGRES_RANDOM_PAGE_COST",
      "POSTGRES_CHECKPOINT_COMPLETION_TARGET"};
  for (const Service& service : stack.services()) {
    if (!is_official_postgres(service)) continue;
    for (const stack::NamedValue& variable : service.environment()) {
      if (std::ranges::find(kReadByNobody, variable.name) == kReadByNobody.end()) continue;
      out.in(service, variable.node, fmt::format("environment.{}", variable.name),
             fmt::format("The image does not read {}", variable.name))
          .how = fmt::format("command: postgres -c {}={}", to_lower_ascii(variable.name.substr(9)),
                             variable.value.value_or(""));
    }
  }
}

void pg_tuning(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    const std::string command = command_of(service);
    const auto at = command.find("shared_buffers=");
    if (at == command.npos) continue;
    const std::string_view rest = std::string_view(command).substr(at + 15);
    const auto buffers = compose_bytes(rest.substr(0, rest.find(' ')));
    auto limit = compose_bytes(service.text_at({"deploy", "resources", "limits", "memory"}));
    if (!limit) limit = compose_bytes(service.text("mem_limit"));
    if (!buffers || !limit || *limit == 0 || *buffers >= *limit) continue;  // res-contradiction
    const double share = static_cast<double>(*buffers) / static_cast<double>(*limit);
    if (share >= 0.1 && share <= 0.45) continue;
    out.in(service, service.find("command"), "command shared_buffers",
           fmt::format("shared_buffers of {} is {:.0f} % of its memory limit; 25 % is usual",
                       service.name(), share * 100));
  }
}

bool is_code_folder(std::string_view target) {
  constexpr std::array<std::string_view, 11> kFolders = {
      "/app",     "/src",     "/code",         "/workspace", "/usr/src/app",  "/usr/src",
      "/opt/app", "/srv/app", "/var/www/html", "/var/www",   "/home/node/app"};
  while (target.size() > 1 && target.ends_with('/')) target.remove_suffix(1);
  if (std::ranges::find(kFolders, target) != kFolders.end()) return true;
  return target.ends_with("/src") || target.ends_with("/node_modules");
}

void dev_mount(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    if (service.facts().role != Role::other) continue;  // a proxy's pages are its content
    for (const stack::Mount& mount : service.mounts()) {
      if (mount.type != "bind" || !is_code_folder(mount.target)) continue;
      const std::string source =
          std::filesystem::path(mount.source).lexically_relative(stack.project.directory).string();
      if (source.empty() || source.starts_with("..")) continue;  // not of this project
      out.in(service, mount.node, fmt::format("volumes {}", mount.target),
             fmt::format("{} runs the code of the folder {}, not its image's", service.name(),
                         source));
    }
  }
}

constexpr Rule kRules[] = {
    {"data-no-volume", Severity::critical, FixKind::safe, "Data lies in the container",
     "The next docker compose down, or a changed image, deletes all of it.",
     "Mount a named volume where the image keeps its data.", "Docker documentation, volumes",
     "image: postgres:17.2",
     "image: postgres:17.2\nvolumes: [\"db-data:/var/lib/postgresql/data\"]", no_volume},
    {"data-anon-volume", Severity::medium, FixKind::safe, "A volume has no name",
     "Nobody finds it again: backups miss it, and a new container may start with an empty one.",
     "Give it a name under volumes.", "Docker documentation, volumes", "volumes: [/var/lib/app]",
     "volumes: [\"app-data:/var/lib/app\"]", anonymous_volume},
    {"data-redis-persistence", Severity::high, FixKind::safe, "Redis forgets at a restart",
     "Tasks, sessions and counters that lie in it are gone after a crash or an update.",
     "command: redis-server --appendonly yes --save 900 1 300 10 60 10000, with a volume on /data",
     "Redis documentation, persistence", "image: redis:7.4.1\nvolumes: [\"cache:/data\"]",
     "image: redis:7.4.1\ncommand: redis-server --appendonly yes\nvolumes: [\"cache:/data\"]",
     redis_persistence},
    {"data-redis-auth", Severity::high, FixKind::safe, "Redis asks for no password",
     "Any service of the network, and whoever takes one over, reads and changes everything, and "
     "can write files on the server.",
     "command: redis-server --requirepass \"${REDIS_PASSWORD:?set it}\"",
     "Redis documentation, security", "image: redis:7.4.1",
     "command: redis-server --requirepass ${REDIS_PASSWORD:?set it}", redis_auth},
    {"data-redis-eviction", Severity::medium, FixKind::safe, "A task queue deletes tasks",
     "When memory is full, Redis throws tasks away without a word.",
     "--maxmemory-policy noeviction, so that a full queue refuses instead",
     "Redis documentation, key eviction", "command: redis-server --maxmemory-policy allkeys-lru",
     "command: redis-server --maxmemory-policy noeviction", redis_eviction},
    {"data-pg-trust", Severity::critical, FixKind::proposal, "PostgreSQL lets everybody in",
     "Whoever reaches the port is superuser.", "Remove the line and set POSTGRES_PASSWORD.",
     "Docker Official Image postgres", "environment: {POSTGRES_HOST_AUTH_METHOD: trust}",
     "environment: {POSTGRES_PASSWORD: \"${DB_PASSWORD:?set it}\"}", pg_trust},
    {"data-pg-bogus-env", Severity::medium, FixKind::safe, "A setting of PostgreSQL has no effect",
     "The official image reads no such variable: the server runs with its defaults, and everybody "
     "believes otherwise.",
     "Give it as command: postgres -c name=value", "Docker Official Image postgres",
     "environment: {POSTGRES_SHARED_BUFFERS: 256MB}", "command: postgres -c shared_buffers=256MB",
     pg_bogus_env},
    {"data-pg-tuning", Severity::low, FixKind::proposal,
     "PostgreSQL's cache does not fit its limit",
     "Far less than a quarter wastes the memory it has, far more leaves too little for queries.",
     "shared_buffers of about a quarter of the memory limit",
     "PostgreSQL documentation, resource consumption",
     "mem_limit: 4g\ncommand: postgres -c shared_buffers=128MB",
     "mem_limit: 4g\ncommand: postgres -c shared_buffers=1GB", pg_tuning},
    {"data-dev-mount", Severity::high, FixKind::behaviour, "Source code is mounted over the image",
     "What runs is whatever lies on the host's disk, not what was built and tested; git pull "
     "changes production.",
     "Remove the mount; build the code into the image.",
     "Compose documentation, use Compose in "
     "production",
     "volumes: [\"./src:/app\"]", "image: acme/api:1.4", dev_mount},
};

}  // namespace

RuleTable data_services_rules() { return {kRules}; }

}  // namespace selvage::audit
