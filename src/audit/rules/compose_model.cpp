// The resolved model: names, ports and references that contradict each other.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "audit/detail/written.hpp"
#include "audit/sightings.hpp"
#include "audit/stack.hpp"
#include "base/text.hpp"

namespace selvage::audit {

namespace {

using stack::Entry;
using stack::Node;
using stack::PublishedPort;

void container_name_fixed(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    if (service.find("container_name") == nullptr || is_datastore(service.facts().role)) continue;
    out.in(service, service.find("container_name"), "container_name",
           fmt::format("There can only ever be one container of {}", service.name()))
        .changes = remove_value(stack, service.find("container_name")->span);
  }
}

void container_name_bad(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    const Node* node = service.find("container_name");
    if (node == nullptr) continue;
    const std::string name = stack::scalar_text(*node);
    const auto plain = [](char c) {
      return is_digit(c) || (to_lower_ascii(c) >= 'a' && to_lower_ascii(c) <= 'z');
    };
    const bool legal = name.size() > 1 && plain(name[0]) && std::ranges::all_of(name, [&](char c) {
                         return plain(c) || c == '_' || c == '.' || c == '-';
                       });
    if (legal) continue;
    out.in(service, node, "container_name",
           fmt::format("{} is no name for a container", in_quotes(name)));
  }
}

bool same_address(const PublishedPort& a, const PublishedPort& b) {
  const auto any = [](std::string_view ip) { return ip.empty() || ip == "0.0.0.0"; };
  return any(a.host_ip) || any(b.host_ip) || a.host_ip == b.host_ip;
}

void port_duplicate(const Stack& stack, Sightings& out) {
  std::vector<std::pair<Service, PublishedPort>> seen;
  for (const Service& service : stack.services()) {
    for (const PublishedPort& port : service.ports()) {
      if (port.published.empty()) continue;
      for (const auto& [other, taken] : seen) {
        if (taken.published != port.published || taken.protocol != port.protocol ||
            !same_address(taken, port) || other.name() == service.name()) {
          continue;
        }
        out.in(service, port.node, fmt::format("ports {}", port_text(port)),
               fmt::format("{} and {} both want port {} of the host", other.name(), service.name(),
                           port.published));
        break;
      }
      seen.emplace_back(service, port);
    }
  }
}

void port_override_appends(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    const auto ports = service.ports();
    for (const PublishedPort& closed : ports) {
      if (!loopback_only(closed)) continue;
      for (const PublishedPort& open : ports) {
        if (loopback_only(open) || open.target != closed.target ||
            open.published != closed.published || open.protocol != closed.protocol) {
          continue;
        }
        out.in(service, open.node, fmt::format("ports {}", port_text(open)),
               fmt::format("Port {} of {} stays open: 127.0.0.1 was added beside it, not in its "
                           "place",
                           open.published, service.name()));
      }
    }
  }
}

void orphan_resource(const Stack& stack, Sightings& out) {
  std::set<std::pair<std::string, std::string>> used;
  const auto use = [&](const Node& services) {
    for (const Entry& entry : services.entries) {
      const Service service(entry);
      for (const stack::Mount& mount : service.mounts()) used.emplace("volumes", mount.source);
      for (const std::string_view name : service.networks()) used.emplace("networks", name);
      for (const std::string_view kind : {"secrets", "configs"}) {
        const Node* list = service.find(kind);
        if (list == nullptr) continue;
        for (const Node& item : list->items) {
          used.emplace(kind, item.is_mapping() ? std::string(item.string_at("source"))
                                               : stack::scalar_text(item));
        }
      }
      const Node* built = service.at({"build", "secrets"});
      if (built == nullptr) continue;
      for (const Node& item : built->items) {
        used.emplace("secrets", item.is_mapping() ? std::string(item.string_at("source"))
                                                  : stack::scalar_text(item));
      }
    }
  };
  if (const Node* services = stack.project.tree.find("services")) use(*services);
  use(stack.project.disabled);
  for (const std::string_view kind : {"volumes", "networks", "secrets", "configs"}) {
    const Node* declared = stack.project.tree.find(kind);
    if (declared == nullptr) continue;
    for (const Entry& entry : declared->entries) {
      if (!entry.key_span.known() || entry.key == "default" ||
          used.contains({std::string(kind), entry.key})) {
        continue;
      }
      out.at(entry.key_span, fmt::format("{}.{}", kind, entry.key),
             fmt::format("Nothing uses {} of {}", entry.key, kind))
          .changes = remove_value(stack, entry.key_span);
    }
  }
}

void build_in_production(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    if (service.find("build") == nullptr || !service.image().empty()) continue;
    out.in(service, service.find("build"), "build",
           fmt::format("{} is built on the host that runs it", service.name()));
  }
}

void build_and_image(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    if (service.find("build") == nullptr || service.image().empty() ||
        service.find("pull_policy") != nullptr) {
      continue;
    }
    out.in(service, service.find("build"), "build",
           fmt::format("{} is pulled or built, whichever works", service.name()));
  }
}

constexpr Rule kRules[] = {
    {"cmp-parse", Severity::critical, FixKind::none, "The stack cannot be read",
     "Nothing starts from these files.", "Mend what the message names.", "Compose specification",
     "services:\n  api:\n    imagee: acme/api:1.4", "services:\n  api:\n    image: acme/api:1.4",
     nullptr},
    {"cmp-undefined-ref", Severity::high, FixKind::none, "A reference leads to nothing",
     "Compose refuses the whole stack.", "Declare it, or mend the name.", "Compose specification",
     "depends_on: [dbb]", "depends_on: [db]", nullptr},
    {"cmp-cycle", Severity::high, FixKind::none,
     "Services or files wait for each other in a circle", "Compose refuses the whole stack.",
     "Remove one of the dependencies.", "Compose specification",
     "services:\n  a: {depends_on: [b]}\n  b: {depends_on: [a]}",
     "services:\n  a: {depends_on: [b]}\n  b: {}", nullptr},
    {"cmp-conflict", Severity::high, FixKind::proposal, "Two settings contradict each other",
     "Compose refuses the stack, or one of them silently wins.", "Keep one of them.",
     "Compose specification", "mem_limit: 512m\ndeploy: {resources: {limits: {memory: 1g}}}",
     "deploy: {resources: {limits: {memory: 1g}}}", nullptr},
    {"cmp-container-name-fixed", Severity::medium, FixKind::behaviour,
     "A container's name is fixed",
     "There can be no second container beside the first, so no update without a gap and no "
     "scaling.",
     "Remove container_name; services find each other by the service's name.",
     "Compose specification, container_name", "container_name: api", "image: acme/api:1.4",
     container_name_fixed},
    {"cmp-container-name-dup", Severity::high, FixKind::none, "Two containers have one name",
     "The second one cannot be created.", "Remove container_name from both.",
     "Compose specification, container_name",
     "services:\n  a: {container_name: api}\n  b: {container_name: api}",
     "services:\n  a: {}\n  b: {}", nullptr},
    {"cmp-container-name-bad", Severity::high, FixKind::none, "A container's name is not allowed",
     "The engine refuses to create it.", "Letters, digits, '_', '.' and '-', at least two.",
     "Compose specification, container_name", "container_name: \"shop api\"",
     "container_name: shop-api", container_name_bad},
    {"cmp-port-duplicate", Severity::high, FixKind::none, "A port of the host is wanted twice",
     "The second service does not start: \"port is already allocated\".",
     "Give one of them another port, or none.", "Compose specification, ports",
     "services:\n  a: {ports: [\"127.0.0.1:8080:80\"]}\n  b: {ports: [\"8080:80\"]}",
     "services:\n  a: {ports: [\"127.0.0.1:8080:80\"]}\n  b: {ports: [\"127.0.0.1:8081:80\"]}",
     port_duplicate},
    {"cmp-port-override-appends", Severity::critical, FixKind::behaviour,
     "An override adds a port where it should replace one",
     "Compose joins the lists of both files: the port that was meant to be closed stays open to "
     "the world.",
     "In the override write: ports: !override [\"127.0.0.1:...\"]", "Compose specification, merge",
     "ports: [\"5432:5432\", \"127.0.0.1:5432:5432\"]",
     "ports: !override [\"127.0.0.1:5432:5432\"]", port_override_appends},
    {"cmp-orphan-resource", Severity::low, FixKind::safe, "Something declared is not used",
     "It may be what is left of a service, or a name that is misspelt where it should be used.",
     "Delete it, or mend the name where it is used.", "Compose specification",
     "volumes: {db-dta: {}}", "volumes: {db-data: {}}", orphan_resource},
    {"cmp-profile-dep", Severity::medium, FixKind::proposal,
     "A service needs one whose profile is off", "Compose refuses to start it alone.",
     "depends_on: {NAME: {condition: ..., required: false}}, or the same profiles for both",
     "Compose specification, profiles", "depends_on: [debugger]",
     "depends_on: {debugger: {condition: service_started, required: false}}", nullptr},
    {"cmp-build-in-prod", Severity::medium, FixKind::proposal, "A service is built where it runs",
     "What runs was tested nowhere, cannot be run again elsewhere, and the host needs the source.",
     "Build in CI, push, and name the image with its version.",
     "Twelve-Factor App, build, release, run", "build: .", "image: ghcr.io/acme/api:1.4.2",
     build_in_production},
    {"cmp-build-and-image", Severity::low, FixKind::proposal,
     "It is open whether an image is pulled or built",
     "When the pull fails, the host builds from whatever source lies there.",
     "Remove build from the production file, or write pull_policy: missing or build.",
     "Compose specification, build and image", "image: ghcr.io/acme/api:1.4.2\nbuild: .",
     "image: ghcr.io/acme/api:1.4.2", build_and_image},
};

}  // namespace

RuleTable compose_model_rules() { return {kRules}; }

}  // namespace selvage::audit
