// Networks: who can reach whom.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "audit/sightings.hpp"
#include "audit/stack.hpp"

namespace selvage::audit {

namespace {

std::vector<std::string> networks_of(const Service& service) {
  std::vector<std::string> names;
  if (service.find("network_mode") != nullptr) return names;
  for (const std::string_view name : service.networks()) names.emplace_back(name);
  if (names.empty()) names.emplace_back("default");
  return names;
}

const stack::Node* network(const Stack& stack, std::string_view name) {
  return stack.project.tree.at({"networks", name});
}

bool is_declared_by_a_file(const Stack& stack) {
  const stack::Node* networks = stack.project.tree.find("networks");
  return networks != nullptr &&
         std::ranges::any_of(networks->entries,
                             [](const stack::Entry& entry) { return entry.key_span.known(); });
}

// A proxy by its image or by the policy: an application that answers on 80 itself may need its
// database.
bool is_proxy(const Stack& stack, const Service& service) {
  return stack.is_edge(service) &&
         (!stack.choices.edge.empty() || service.facts().role == Role::edge);
}

std::optional<std::string> shared_network(const Service& a, const Service& b) {
  const auto others = networks_of(b);
  for (const std::string& name : networks_of(a)) {
    if (std::ranges::find(others, name) != others.end()) return name;
  }
  return std::nullopt;
}

void flat(const Stack& stack, Sightings& out) {
  const auto services = stack.services();
  for (const Service& store : services) {
    if (!is_datastore(store.facts().role)) continue;
    for (const Service& edge : services) {
      if (!is_proxy(stack, edge)) continue;
      const auto name = shared_network(edge, store);
      if (!name) continue;
      out.of(store, fmt::format("The proxy {} reaches {} over the network {}", edge.name(),
                                store.name(), *name));
      break;
    }
  }
}

void default_network(const Stack& stack, Sightings& out) {
  const auto services = stack.services();
  if (services.size() < 2 || is_declared_by_a_file(stack)) return;
  const auto proxy = [&](const Service& service) { return is_proxy(stack, service); };
  const auto store = [](const Service& service) { return is_datastore(service.facts().role); };
  // net-flat tells the same with a reason
  if (std::ranges::any_of(services, proxy) && std::ranges::any_of(services, store)) return;
  out.at(services.front().key_span(), "networks",
         fmt::format("All {} services share the project's default network", services.size()));
}

void not_internal(const Stack& stack, Sightings& out) {
  std::map<std::string, std::vector<Service>> members;
  for (const Service& service : stack.services()) {
    for (const std::string& name : networks_of(service)) members[name].push_back(service);
  }
  for (const auto& [name, services] : members) {
    const stack::Node* declared = network(stack, name);
    if (declared == nullptr || declared->find("external") != nullptr) continue;
    const stack::Node* internal = declared->find("internal");
    if (internal != nullptr && internal->flag) continue;
    // everybody else on it has another way out
    const bool stores = std::ranges::any_of(
        services, [](const Service& one) { return is_datastore(one.facts().role); });
    const bool closed = std::ranges::all_of(services, [](const Service& one) {
      return one.ports().empty() && (is_datastore(one.facts().role) || networks_of(one).size() > 1);
    });
    if (!stores || !closed || name == "default") continue;
    const stack::Entry* entry = stack.project.tree.find("networks")->entry(name);
    out.at(entry->key_span, fmt::format("networks.{}", name),
           fmt::format("The network {} joins data stores and leads to the internet", name));
  }
}

void host_mode(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    if (service.text("network_mode") != "host") continue;
    out.in(service, service.find("network_mode"), "network_mode",
           fmt::format("{} shares the host's network", service.name()));
  }
}

void host_namespaces(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    for (const std::string_view member : {"pid", "ipc", "uts", "userns_mode"}) {
      if (service.text(member) != "host") continue;
      out.in(service, service.find(member), member,
             fmt::format("{} shares the host's {} namespace", service.name(),
                         member == "userns_mode" ? "user" : member));
    }
  }
}

void alias_collision(const Stack& stack, Sightings& out) {
  std::map<std::pair<std::string, std::string>, std::string> owners;  // network, name -> service
  const auto services = stack.services();
  for (const Service& service : services) {
    for (const std::string& name : networks_of(service)) {
      owners.try_emplace({name, std::string(service.name())}, service.name());
    }
  }
  for (const Service& service : services) {
    for (const std::string& name : networks_of(service)) {
      const stack::Node* aliases = service.at({"networks", name, "aliases"});
      if (aliases == nullptr) continue;
      for (const stack::Node& alias : aliases->items) {
        const auto [owner, fresh] =
            owners.try_emplace({name, alias.text}, std::string(service.name()));
        if (fresh || owner->second == service.name()) continue;
        out.in(service, &alias, fmt::format("networks.{}.aliases {}", name, alias.text),
               fmt::format("{} and {} are both called {} on the network {}", owner->second,
                           service.name(), alias.text, name));
      }
    }
  }
}

constexpr Rule kRules[] = {
    {"net-flat", Severity::medium, FixKind::behaviour, "The edge can reach the data stores",
     "Who takes over the proxy, the one service that everybody talks to, stands in front of the "
     "database at once.",
     "Give edge and data stores different networks; the application joins both.",
     "CIS Docker Benchmark 5.30; NIST SP 800-190 4.3.3",
     "services:\n  nginx: {image: \"nginx:1.27.3\"}\n  db: {image: \"postgres:17.2\"}",
     "services:\n  nginx: {image: \"nginx:1.27.3\", networks: [front]}\n"
     "  db: {image: \"postgres:17.2\", networks: [back]}",
     flat},
    {"net-default", Severity::low, FixKind::safe, "No network is declared",
     "Every service can talk to every other one, whether it needs to or not.",
     "Declare a network for each group of services that talk to each other.",
     "NIST SP 800-190 4.3.3",
     "services:\n  api: {image: \"acme/api:1.4\"}\n  worker: {image: \"acme/api:1.4\"}",
     "networks: {back: {}}", default_network},
    {"net-not-internal", Severity::low, FixKind::proposal,
     "A network of data stores leads to the internet",
     "A database that was taken over can send its content anywhere; nothing on this network needs "
     "the way out.",
     "Write internal: true in the network's declaration.", "Compose specification, networks",
     "networks:\n  back: {}", "networks:\n  back:\n    internal: true", not_internal},
    {"net-host-mode", Severity::high, FixKind::proposal, "A service shares the host's network",
     "It can reach everything that listens on the host's loopback address, and its own ports are "
     "open without being listed.",
     "Use a network of the stack and publish the ports that are needed.",
     "CIS Docker Benchmark 5.10", "network_mode: host", "networks: [back]", host_mode},
    {"net-host-ns", Severity::high, FixKind::proposal, "A service shares a namespace of the host",
     "It sees the host's processes, shared memory, name or users, and may signal or read them.",
     "Remove the line; an exporter that needs it gets a waiver with a reason.",
     "CIS Docker Benchmark 5.16, 5.17, 5.21, 5.31", "pid: host", "pid: \"service:app\"",
     host_namespaces},
    {"net-alias-collision", Severity::medium, FixKind::proposal,
     "Two services have the same name on a network",
     "The name leads to one or the other by turns, which only shows under load or after a restart.",
     "Give each service an alias of its own.", "Compose specification, aliases",
     "networks: {back: {aliases: [api]}}", "networks: {back: {aliases: [api-blue]}}",
     alias_collision},
};

}  // namespace

RuleTable networks_rules() { return {kRules}; }

}  // namespace selvage::audit
