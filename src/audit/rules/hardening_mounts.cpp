// What of the host a container sees.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "audit/detail/address.hpp"
#include "audit/detail/written.hpp"
#include "audit/sightings.hpp"
#include "audit/stack.hpp"
#include "base/text.hpp"
#include "stack/edit.hpp"

namespace selvage::audit {

namespace {

using stack::Mount;

template <class Tell>
void each_bind(const Stack& stack, Tell tell) {
  for (const Service& service : stack.services()) {
    for (const Mount& mount : service.mounts()) {
      if (mount.type == "bind") tell(service, mount);
    }
  }
}

std::string without_end_slash(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

bool is_engine_socket(std::string_view path) {
  for (const std::string_view name :
       {"docker.sock", "containerd.sock", "podman.sock", "crio.sock", "docker-raw.sock"}) {
    if (path.ends_with(name)) return true;
  }
  return false;
}

bool is_socket_proxy(const Service& service) { return service.image().contains("socket-proxy"); }

void docker_socket(const Stack& stack, Sightings& out) {
  each_bind(stack, [&](const Service& service, const Mount& mount) {
    if (!is_engine_socket(mount.source) || is_socket_proxy(service)) return;
    out.in(service, mount.node, fmt::format("volumes {}", mount.target),
           fmt::format("{} holds the engine's socket{}", service.name(),
                       mount.read_only ? "; read-only changes nothing about what it can ask" : ""));
  });
  for (const Service& service : stack.services()) {
    const auto address = address_in(service.variable("DOCKER_HOST").value_or(""));
    if (!address || address->scheme != "tcp") continue;
    const auto proxy = stack.service(address->host);
    if (proxy && is_socket_proxy(*proxy)) continue;
    out.in(service, service.at({"environment", "DOCKER_HOST"}), "environment.DOCKER_HOST",
           fmt::format("{} controls the engine over plain TCP", service.name()));
  }
}

constexpr std::array<std::string_view, 13> kWhole = {
    "/",        "/root",    "/etc", "/usr", "/var", "/home", "/run",
    "/var/run", "/var/lib", "/opt", "/lib", "/bin", "/srv"};
constexpr std::array<std::string_view, 5> kTrees = {"/proc", "/sys", "/boot", "/var/lib/docker",
                                                    "/dev"};
constexpr std::array<std::string_view, 6> kHomes = {"/.ssh",   "/.aws",    "/.kube",
                                                    "/.gnupg", "/.docker", "/.config/gcloud"};

bool is_host_path(const Service& service, const Mount& mount) {
  const std::string path = without_end_slash(mount.source);
  if (std::ranges::find(kWhole, path) != kWhole.end()) return true;
  for (const std::string_view home : kHomes) {
    if (path.ends_with(home) || path.contains(fmt::format("{}/", home))) return true;
  }
  // exporters exist to read these two
  const bool reads_host = service.facts().role == Role::telemetry && mount.read_only &&
                          (path == "/proc" || path == "/sys" || path.starts_with("/dev/disk") ||
                           path == "/var/lib/docker" || path == "/var/lib/docker/containers");
  if (reads_host || path.starts_with("/dev/shm")) return false;
  return std::ranges::any_of(kTrees, [&](std::string_view tree) {
    return path == tree || path.starts_with(fmt::format("{}/", tree));
  });
}

void host_path(const Stack& stack, Sightings& out) {
  each_bind(stack, [&](const Service& service, const Mount& mount) {
    if (!is_host_path(service, mount)) return;
    out.in(service, mount.node, fmt::format("volumes {}", mount.target),
           fmt::format("{} sees {} of the host{}", service.name(), mount.source,
                       mount.read_only ? "" : " and can write there"));
  });
}

bool is_configuration(const Mount& mount) {
  constexpr std::array<std::string_view, 19> kEndings = {
      ".conf", ".yml", ".yaml",       ".toml",     ".ini",     ".cfg", ".json",
      ".cnf",  ".crt", ".pem",        ".key",      ".env",     ".xml", ".alloy",
      ".hcl",  ".sql", ".properties", ".template", ".htpasswd"};
  constexpr std::array<std::string_view, 5> kFolders = {
      "/etc/nginx", "/etc/prometheus", "/etc/grafana", "/etc/loki", "/docker-entrypoint-initdb.d"};
  const std::string target = without_end_slash(mount.target);
  // Traefik keeps certificates in the first; the others belong to the code
  for (const std::string_view name : {"/acme.json", "/package.json", "/package-lock.json"}) {
    if (target.ends_with(name)) return false;
  }
  for (const std::string_view folder : kFolders) {
    if (target == folder || target.starts_with(fmt::format("{}/", folder))) return true;
  }
  return std::ranges::any_of(kEndings,
                             [&](std::string_view ending) { return target.ends_with(ending); });
}

// "a:/b" becomes "a:/b:ro"; a long form gets read_only.
Changes mount_read_only(const Stack& stack, const Service& service, const Mount& mount) {
  const stack::Node* mounts = own_member(stack, service, "volumes");
  if (mounts == nullptr || !mount.node->span.known()) return {};
  const auto item = std::ranges::find(mounts->items, mount.node->span, &stack::Node::span);
  if (item == mounts->items.end()) return {};
  if (item->is_mapping()) {
    if (item->find("read_only") != nullptr) return {};
    return add_inside(stack, item->span, "read_only", "true");
  }
  const std::string text = stack::scalar_text(*item);
  if (text.contains('$') || std::ranges::count(text, ':') != 1) return {};  // options, drives
  return set_value(stack, item->span, stack::yaml_text(text + ":ro"));
}

void config_writable(const Stack& stack, Sightings& out) {
  each_bind(stack, [&](const Service& service, const Mount& mount) {
    if (mount.read_only || !is_configuration(mount)) return;
    out.in(service, mount.node, fmt::format("volumes {}", mount.target),
           fmt::format("{} can change its own configuration {}", service.name(), mount.target))
        .changes = mount_read_only(stack, service, mount);
  });
}

void device(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    const stack::Node* devices = service.find("devices");
    if (devices == nullptr) continue;
    for (const stack::Node& item : devices->items) {
      const std::string source = item.is_mapping()
                                     ? std::string(item.string_at("source"))
                                     : std::string(split(stack::scalar_text(item), ':').front());
      out.in(service, &item, fmt::format("devices {}", source),
             fmt::format("{} uses the host's device {}", service.name(), source));
    }
  }
}

void propagation(const Stack& stack, Sightings& out) {
  each_bind(stack, [&](const Service& service, const Mount& mount) {
    const stack::Node* mode = mount.node->at({"bind", "propagation"});
    if (mode == nullptr || (mode->text != "shared" && mode->text != "rshared")) return;
    out.in(service, mount.node, fmt::format("volumes {}", mount.target),
           fmt::format("What {} mounts at {} appears on the host", service.name(), mount.target));
  });
}

void tmpfs_options(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    for (const stack::Node* item : service.items("tmpfs")) {
      const std::string text = stack::scalar_text(*item);
      const auto colon = text.find(':');
      if (colon == text.npos) continue;
      for (const std::string_view option : split(std::string_view(text).substr(colon + 1), ',')) {
        if (option != "exec" && option != "suid" && option != "dev") continue;
        out.in(service, item, fmt::format("tmpfs {}", text.substr(0, colon)),
               fmt::format("The tmpfs {} of {} allows {}", text.substr(0, colon), service.name(),
                           option));
        break;
      }
    }
  }
}

void volume_shared(const Stack& stack, Sightings& out) {
  struct Writer {
    Service service;
    Mount mount;
  };
  std::map<std::string, std::vector<Writer>> writers;
  for (const Service& service : stack.services()) {
    for (const Mount& mount : service.mounts()) {
      if (mount.type != "volume" || mount.source.empty() || mount.read_only) continue;
      auto& all = writers[mount.source];
      if (all.empty() || all.back().service.name() != service.name())
        all.push_back({service, mount});
    }
  }
  for (const auto& [volume, all] : writers) {
    // several services of one image are one program in several processes
    const bool same = std::ranges::all_of(all, [&](const Writer& writer) {
      return writer.service.image() == all.front().service.image() &&
             !writer.service.image().empty();
    });
    if (all.size() < 2 || same) continue;
    out.in(all.back().service, all.back().mount.node, fmt::format("volumes {}", volume),
           fmt::format("{} and {} both write to the volume {}", all.front().service.name(),
                       all.back().service.name(), volume));
  }
}

constexpr Rule kRules[] = {
    {"hard-docker-sock", Severity::critical, FixKind::proposal,
     "A container holds the engine's socket",
     "Whoever can talk to the engine starts a container with the host's disk in it: the service is "
     "root on the host, read-only mount or not.",
     "Put a socket proxy between that lets through the calls that are needed, or waive it with a "
     "reason and a date.",
     "CIS Docker Benchmark 5.32; OWASP Docker Security Cheat Sheet, rule 1",
     "volumes: [\"/var/run/docker.sock:/var/run/docker.sock:ro\"]",
     "environment: {DOCKER_HOST: \"tcp://socket-proxy:2375\"}", docker_socket},
    {"hard-host-path", Severity::high, FixKind::proposal,
     "A folder of the host's system is mounted",
     "Passwords, keys and settings of the host lie there; who writes there owns the host.",
     "Mount the one file or folder that is needed, read-only.", "CIS Docker Benchmark 5.6",
     "volumes: [\"/etc:/host/etc\"]", "volumes: [\"/etc/localtime:/etc/localtime:ro\"]", host_path},
    {"hard-config-rw", Severity::low, FixKind::safe, "Configuration is mounted writable",
     "A service that was taken over can change how it and its successors run, on the host's disk.",
     "Append :ro to the mount.", "OWASP Docker Security Cheat Sheet, rule 8",
     "volumes: [\"./nginx.conf:/etc/nginx/nginx.conf\"]",
     "volumes: [\"./nginx.conf:/etc/nginx/nginx.conf:ro\"]", config_writable},
    {"hard-device", Severity::high, FixKind::proposal, "A device of the host is given away",
     "A driver is a door into the kernel, and the device's content is the container's.",
     "Remove it, or waive it for the service that computes or records with it.",
     "CIS Docker Benchmark 5.18", "devices: [\"/dev/sda:/dev/sda\"]", "image: acme/api:1.4",
     device},
    {"hard-propagation", Severity::low, FixKind::safe, "Mounts of a container reach the host",
     "With shared propagation a container changes what the host and others see.",
     "Write rprivate, the default, or rslave.", "CIS Docker Benchmark 5.20",
     "volumes: [{type: bind, source: ./d, target: /d, bind: {propagation: shared}}]",
     "volumes: [{type: bind, source: ./d, target: /d}]", propagation},
    {"hard-tmpfs-exec", Severity::low, FixKind::safe, "A tmpfs allows programs or devices",
     "A writable folder from which programs start is where intruders put theirs.",
     "Leave noexec, nosuid and nodev, which are the defaults.", "CIS Docker Benchmark 5.13",
     "tmpfs: [\"/tmp:exec\"]", "tmpfs: [/tmp]", tmpfs_options},
    {"hard-volume-shared", Severity::low, FixKind::none, "Two services write to one volume",
     "Who takes over one can plant files for the other, and neither knows of the other's writes.",
     "Let one of them mount it :ro, or pass the data by a service.", "NIST SP 800-190 4.3.3",
     "volumes: [\"files:/files\"]", "volumes: [\"files:/files:ro\"]", volume_shared},
};

}  // namespace

RuleTable hardening_mounts_rules() { return {kRules}; }

}  // namespace selvage::audit
