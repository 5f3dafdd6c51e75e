// What a service may take from the host.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "audit/detail/written.hpp"
#include "audit/sightings.hpp"
#include "audit/stack.hpp"
#include "base/text.hpp"
#include "base/units.hpp"

namespace selvage::audit {

namespace {

std::optional<std::uint64_t> memory_limit(const Service& service) {
  for (const std::string& text :
       {service.text_at({"deploy", "resources", "limits", "memory"}), service.text("mem_limit")}) {
    const auto bytes = compose_bytes(text);
    if (bytes && *bytes > 0) return bytes;
  }
  return std::nullopt;
}

bool has_placeholder(const Service& service, std::string_view part) {
  return service.text_at({"deploy", "resources", "limits", part}) == stack::kPlaceholder;
}

void memory(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    if (memory_limit(service) || has_placeholder(service, "memory") ||
        service.text("mem_limit") == stack::kPlaceholder) {
      continue;
    }
    out.of(service, fmt::format("{} may take all memory of the host", service.name()));
  }
}

void cpu(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    const bool limited = !service.text_at({"deploy", "resources", "limits", "cpus"}).empty() ||
                         !service.text("cpus").empty() || !service.text("cpu_quota").empty() ||
                         !service.text("cpuset").empty();
    if (limited) continue;
    out.of(service, fmt::format("{} may take all processors of the host", service.name()));
  }
}

void reservation(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    const stack::Node* reserved = service.at({"deploy", "resources", "reservations"});
    if ((reserved != nullptr && !reserved->entries.empty()) ||
        !service.text("mem_reservation").empty()) {
      continue;
    }
    out.of(service, fmt::format("Nothing says what {} needs at least", service.name()));
  }
}

void pids(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    std::string text = service.text_at({"deploy", "resources", "limits", "pids"});
    if (text.empty()) text = service.text("pids_limit");
    const auto number = compose_number(text);
    if ((number && *number > 0) || text == stack::kPlaceholder) continue;
    Finding& finding =
        out.of(service, fmt::format("{} may start any number of processes", service.name()));
    // Compose refuses pids_limit beside limits that say otherwise
    const bool limits = service.at({"deploy", "resources", "limits"}) != nullptr;
    if (!limits) finding.changes = add_member(stack, service, "pids_limit", "256");
  }
}

void shared_memory(const Stack& stack, Sightings& out) {
  constexpr std::array<std::string_view, 5> kBrowsers = {"chrome", "selenium", "playwright",
                                                         "browserless", "puppeteer"};
  for (const Service& service : stack.services()) {
    const ImageName image = service.image_name();
    const bool postgres =
        image.name.starts_with("postg") || image.name == "pgvector" || image.name == "timescaledb";
    const bool browser = std::ranges::any_of(
        kBrowsers, [&](std::string_view word) { return image.text.contains(word); });
    const bool mounted = std::ranges::any_of(
        service.mounts(), [](const stack::Mount& mount) { return mount.target == "/dev/shm"; });
    if ((!postgres && !browser) || facts_of(image).role == Role::telemetry || mounted ||
        !service.text("shm_size").empty() || service.text("ipc") == "host") {
      continue;
    }
    out.of(service, fmt::format("{} has 64 MiB of shared memory", service.name())).changes =
        add_member(stack, service, "shm_size", "256m");
  }
}

// The text behind `word`, up to the next blank or quote: "shared_buffers=" -> "384MB".
std::string value_behind(std::string_view text, std::string_view word) {
  const auto at = text.find(word);
  if (at == text.npos) return "";
  std::string_view rest = text.substr(at + word.size());
  while (rest.starts_with(' ') || rest.starts_with('=')) rest.remove_prefix(1);
  return std::string(rest.substr(0, rest.find_first_of(" \"',")));
}

struct OwnSetting {
  std::string_view word;  // as it stands in the command or in a variable
  std::string_view unit;  // of a bare number
};
constexpr std::array kOwnSettings = {OwnSetting{"shared_buffers=", "8k"},
                                     OwnSetting{"--maxmemory ", ""},
                                     OwnSetting{"-Xmx", ""},
                                     OwnSetting{"--max-old-space-size=", "m"},
                                     OwnSetting{"innodb-buffer-pool-size=", ""},
                                     OwnSetting{"innodb_buffer_pool_size=", ""}};

std::optional<std::uint64_t> setting_bytes(std::string_view value, std::string_view unit) {
  if (value.empty()) return std::nullopt;
  const bool bare = std::ranges::all_of(value, [](char c) { return is_digit(c); });
  if (!bare || unit.empty()) return compose_bytes(value);
  const auto number = compose_number(value);
  if (!number) return std::nullopt;
  return static_cast<std::uint64_t>(*number * (unit == "m" ? 1 << 20 : 8192));
}

void contradiction(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    const auto limit = memory_limit(service);
    if (!limit) continue;
    std::string said = service.words("command") + " ";
    for (const stack::NamedValue& variable : service.environment()) {
      said += fmt::format("{} ", variable.value.value_or(""));
    }
    for (const OwnSetting& setting : kOwnSettings) {
      const std::string value = value_behind(said, setting.word);
      const auto own = setting_bytes(value, setting.unit);
      if (!own || *own < *limit) continue;
      const std::string_view name = trim(setting.word.substr(0, setting.word.find('=')));
      out.of(service, fmt::format("{} is told to use {} {} within a limit of {}", service.name(),
                                  name, value, to_string(ByteCount{*limit})));
    }
  }
}

constexpr std::string_view kLimits =
    "deploy:\n  resources:\n    limits: {memory: 512m, cpus: \"1.0\", pids: 256}\n"
    "    reservations: {memory: 256m}";

constexpr Rule kRules[] = {
    {"res-memory", Severity::high, FixKind::behaviour, "A service has no memory limit",
     "One leak or one large request takes the host's memory, and the kernel ends whatever it "
     "likes, "
     "maybe the database.",
     "deploy.resources.limits.memory: half as much again as the highest use that was seen.",
     "CIS Docker Benchmark 5.11; OWASP Docker Security Cheat Sheet, rule 7", "image: acme/api:1.4",
     kLimits, memory},
    {"res-cpu", Severity::medium, FixKind::behaviour, "A service has no processor limit",
     "One busy loop slows down everything on the host, health checks included.",
     "deploy.resources.limits.cpus",
     "CIS Docker Benchmark 5.12; OWASP Docker Security Cheat Sheet, "
     "rule 7",
     "image: acme/api:1.4", kLimits, cpu},
    {"res-reservation", Severity::low, FixKind::safe, "A service reserves nothing",
     "Without reservations nobody notices that the stack no longer fits on its host until it is "
     "under load.",
     "deploy.resources.reservations.memory: what the service uses at rest.",
     "Compose Deploy specification, resources", "image: acme/api:1.4", kLimits, reservation},
    {"res-pids", Severity::low, FixKind::behaviour, "A service may start any number of processes",
     "A fork bomb or a leak of processes takes the whole host down.",
     "deploy.resources.limits.pids, or pids_limit.", "CIS Docker Benchmark 5.29",
     "image: acme/api:1.4", kLimits, pids},
    {"res-shm", Severity::low, FixKind::safe, "Shared memory is as small as the engine makes it",
     "PostgreSQL's parallel queries and browsers fail with \"no space left on device\" when 64 MiB "
     "are full.",
     "shm_size: 256m", "Docker Official Image postgres, caveats", "image: postgres:17.2",
     "image: postgres:17.2\nshm_size: 256m", shared_memory},
    {"res-contradiction", Severity::high, FixKind::proposal,
     "A program is told to use more memory than its limit",
     "It is killed as soon as it does what it is configured to do, usually at the worst time.",
     "Raise the limit, or lower the program's own setting to about half of it.",
     "PostgreSQL, Redis and Java documentation",
     "mem_limit: 150m\ncommand: postgres -c shared_buffers=384MB",
     "mem_limit: 1g\ncommand: postgres -c shared_buffers=256MB", contradiction},
};

}  // namespace

RuleTable resources_rules() { return {kRules}; }

}  // namespace selvage::audit
