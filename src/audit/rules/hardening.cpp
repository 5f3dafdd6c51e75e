// What a container may do beside its work.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "audit/detail/written.hpp"
#include "audit/sightings.hpp"
#include "audit/stack.hpp"
#include "base/text.hpp"

namespace selvage::audit {

namespace {

bool has_option(const Service& service, std::string_view option) {
  return std::ranges::any_of(service.items("security_opt"), [&](const stack::Node* item) {
    std::string text = stack::scalar_text(*item);
    std::ranges::replace(text, '=', ':');
    return text == option || text == fmt::format("{}:true", option);
  });
}

std::string capability(const stack::Node& item) {
  std::string name = stack::scalar_text(item);
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  });
  return name.starts_with("CAP_") ? name.substr(4) : name;
}

bool drops_all(const Service& service) {
  return std::ranges::any_of(service.items("cap_drop"),
                             [](const stack::Node* item) { return capability(*item) == "ALL"; });
}

void privileged(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    if (!service.flag("privileged")) continue;
    out.in(service, service.find("privileged"), "privileged",
           fmt::format("{} runs privileged", service.name()));
  }
}

void use_api_socket(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    if (service.flag("use_api_socket")) {
      out.in(service, service.find("use_api_socket"), "use_api_socket",
             fmt::format("{} gets the engine's socket and the user's registry logins",
                         service.name()));
    }
    if (service.find("provider") != nullptr) {
      out.in(service, service.find("provider"), "provider",
             fmt::format("{} is a program that Compose runs on the host", service.name()));
    }
    for (const std::string_view member : {"post_start", "pre_stop"}) {
      const stack::Node* hooks = service.find(member);
      if (hooks == nullptr) continue;
      for (const stack::Node& hook : hooks->items) {
        const stack::Node* flag = hook.find("privileged");
        if (flag == nullptr || !flag->flag) continue;
        out.in(service, flag, member,
               fmt::format("A {} hook of {} runs privileged", member, service.name()));
      }
    }
  }
}

void cap_drop(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    if (drops_all(service) || service.flag("privileged")) continue;
    Finding& finding = out.of(
        service, fmt::format("{} keeps the engine's 14 default capabilities", service.name()));
    if (service.find("cap_drop") == nullptr && !service.facts().needs_root) {
      finding.changes = add_member(stack, service, "cap_drop", "[ALL]");
    }
    if (service.facts().needs_root) {
      finding.how = fmt::format(
          "cap_drop: [ALL]; the image {} starts as root, changes owners and drops to a user, so it "
          "also needs cap_add: [CHOWN, DAC_OVERRIDE, FOWNER, SETGID, SETUID]{}.",
          service.image_name().name,
          service.facts().role == Role::edge ? " and NET_BIND_SERVICE" : "");
    }
  }
}

constexpr std::array<std::string_view, 18> kDangerous = {
    "ALL",       "SYS_ADMIN",    "NET_ADMIN",    "SYS_PTRACE",      "SYS_MODULE", "DAC_READ_SEARCH",
    "SYS_RAWIO", "SYS_BOOT",     "BPF",          "PERFMON",         "SYSLOG",     "MAC_ADMIN",
    "SYS_TIME",  "MAC_OVERRIDE", "SYS_RESOURCE", "LINUX_IMMUTABLE", "SYS_PACCT",  "AUDIT_CONTROL"};

void cap_add(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    for (const stack::Node* item : service.items("cap_add")) {
      const std::string name = capability(*item);
      if (std::ranges::find(kDangerous, name) == kDangerous.end()) continue;
      out.in(service, item, fmt::format("cap_add {}", name),
             fmt::format("{} gets the capability {}", service.name(), name));
    }
  }
}

void no_new_privileges(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    if (has_option(service, "no-new-privileges") || service.flag("privileged")) continue;
    const stack::Node* options = own_member(stack, service, "security_opt");
    Finding& finding =
        out.of(service, fmt::format("A program in {} can gain rights by setuid", service.name()));
    if (options != nullptr && options->is_sequence()) {
      finding.changes = append_item(stack, options->span, "no-new-privileges:true");
    } else if (service.find("security_opt") == nullptr) {
      finding.changes = add_member(stack, service, "security_opt", "[\"no-new-privileges:true\"]");
    }
  }
}

std::string writable_paths(const Service& service) {
  const std::string name = service.image_name().name;
  if (name == "postgres" || name == "postgis" || name == "pgvector") {
    return "tmpfs: [/tmp, /run/postgresql]";
  }
  if (name == "mysql" || name == "mariadb") return "tmpfs: [/tmp, /run/mysqld]";
  if (name == "nginx") return "tmpfs: [/tmp, /run, /var/cache/nginx]";
  if (name == "caddy") return "tmpfs: [/tmp] and volumes on /data and /config";
  if (name == "rabbitmq") return "tmpfs: [/tmp] and a volume on /var/lib/rabbitmq";
  return "tmpfs: [/tmp]; docker diff shows what else the running container writes";
}

void read_only(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    if (service.flag("read_only")) continue;
    out.of(service, fmt::format("{} can write to its root file system", service.name())).how =
        fmt::format("read_only: true, with {}.", writable_paths(service));
  }
}

void user_root(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    const std::string text = service.text("user");
    const std::string_view user = std::string_view(text).substr(0, text.find(':'));
    if (user != "0" && user != "root") continue;
    out.in(service, service.find("user"), "user",
           fmt::format("{} is told to run as root", service.name()));
  }
}

void profile_off(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    for (const stack::Node* item : service.items("security_opt")) {
      std::string option = stack::scalar_text(*item);
      std::ranges::replace(option, '=', ':');
      if (option != "seccomp:unconfined" && option != "apparmor:unconfined" &&
          option != "label:disable" && option != "systempaths:unconfined" &&
          option != "no-new-privileges:false") {
        continue;
      }
      out.in(service, item, fmt::format("security_opt {}", option),
             fmt::format("{} runs with {}", service.name(), option));
    }
  }
}

constexpr Rule kRules[] = {
    {"hard-privileged", Severity::critical, FixKind::proposal, "A container runs privileged",
     "It holds all capabilities and all devices: a program that breaks out of its task owns the "
     "host.",
     "Remove privileged; give the one capability or device that is needed.",
     "CIS Docker Benchmark 5.5; OWASP Docker Security Cheat Sheet, rule 3", "privileged: true",
     "cap_add: [NET_BIND_SERVICE]", privileged},
    {"hard-use-api-socket", Severity::high, FixKind::proposal,
     "A service gets the engine or the host by a newer key",
     "Who can talk to the engine can start a container with the host's disk: it is root on the "
     "host.",
     "Remove the key, or put a filtering socket proxy between.",
     "Compose specification, use_api_socket, provider and lifecycle hooks", "use_api_socket: true",
     "use_api_socket: false", use_api_socket},
    {"hard-cap-drop", Severity::medium, FixKind::behaviour, "Capabilities are not dropped",
     "Raw sockets, changing owners, binding low ports: rights that a service does not use help "
     "only who takes it over.",
     "cap_drop: [ALL], and cap_add for what the service is seen to need.",
     "CIS Docker Benchmark 5.4; OWASP Docker Security Cheat Sheet, rule 3", "cap_drop: [NET_RAW]",
     "cap_drop: [ALL]", cap_drop},
    {"hard-cap-add", Severity::high, FixKind::proposal, "A dangerous capability is added",
     "With this capability a container can change the host or see what other containers do.",
     "Remove it; where nothing else works, waive it with the reason.",
     "CIS Docker Benchmark 5.4; capabilities(7)", "cap_add: [SYS_ADMIN]",
     "cap_add: [NET_BIND_SERVICE]", cap_add},
    {"hard-no-new-privs", Severity::medium, FixKind::safe, "Rights can be gained inside",
     "A setuid program in the image is a ladder from the service's user to root.",
     "security_opt: [\"no-new-privileges:true\"]",
     "CIS Docker Benchmark 5.26; OWASP Docker Security Cheat Sheet, rule 4", "security_opt: []",
     "security_opt: [\"no-new-privileges:true\"]", no_new_privileges},
    {"hard-read-only", Severity::medium, FixKind::behaviour, "The root file system is writable",
     "An intruder can leave programs and change the service's own; what a service writes in place "
     "is lost at the next deploy anyway.",
     "read_only: true, with tmpfs or volumes for what it has to write.",
     "CIS Docker Benchmark 5.13; OWASP Docker Security Cheat Sheet, rule 8", "image: acme/api:1.4",
     "image: acme/api:1.4\nread_only: true\ntmpfs: [/tmp]", read_only},
    {"hard-user-root", Severity::medium, FixKind::proposal, "A service is told to run as root",
     "Root inside is root for the kernel: one hole in the isolation, and it is root outside.",
     "Remove the line, or name the user that owns the service's files.",
     "CIS Docker Benchmark 4.1; OWASP Docker Security Cheat Sheet, rule 2", "user: root",
     "user: \"1000:1000\"", user_root},
    {"hard-profile-off", Severity::high, FixKind::safe,
     "A protection of the engine is switched off",
     "seccomp, AppArmor and SELinux stop the calls that most escapes are made of.",
     "Remove the option; where a call is missing, give a profile that allows this one.",
     "CIS Docker Benchmark 5.2, 5.3, 5.22", "security_opt: [\"seccomp:unconfined\"]",
     "security_opt: [\"no-new-privileges:true\"]", profile_off},
};

}  // namespace

RuleTable hardening_rules() { return {kRules}; }

}  // namespace selvage::audit
