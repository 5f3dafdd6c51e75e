// Ports on the host: who opened which door to the world.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "audit/detail/written.hpp"
#include "audit/sightings.hpp"
#include "audit/stack.hpp"

namespace selvage::audit {

namespace {

using stack::PublishedPort;

// What listens there is no business of the world's, whatever the image is called.
constexpr std::array kDatastorePorts = {1433, 2379, 3306, 5432,  5672,  6379,
                                        9042, 9092, 9200, 11211, 27017, 50000};

// A range is one line of the file and many ports of the model: the first of each line.
std::vector<PublishedPort> lines_of(const Service& service) {
  std::vector<PublishedPort> first;
  for (const PublishedPort& port : service.ports()) {
    const bool known =
        port.node->span.known() && std::ranges::any_of(first, [&](const auto& other) {
          return other.node->span == port.node->span;
        });
    if (!known) first.push_back(port);
  }
  return first;
}

bool is_private_address(std::string_view ip) {
  return ip.starts_with("10.") || ip.starts_with("192.168.") || ip.starts_with("169.254.") ||
         ip.starts_with("100.64.") || ip.starts_with("fd") ||
         (ip.starts_with("172.") && ip.size() > 6 && ip.substr(4, 2) >= "16" &&
          ip.substr(4, 2) <= "31");
}

enum class Door { closed, random, allowed, edge_other, datastore, admin, open };

Door door_of(const Stack& stack, const Service& service, const PublishedPort& port) {
  if (loopback_only(port) || is_private_address(port.host_ip)) return Door::closed;
  const Role role = service.facts().role;
  if (is_datastore(role) || role == Role::telemetry ||
      std::ranges::find(kDatastorePorts, port.target) != kDatastorePorts.end()) {
    return Door::datastore;
  }
  if (role == Role::admin) return Door::admin;
  if (port.published.empty()) return Door::random;
  if (!stack.is_edge(service)) return Door::open;
  const bool allowed = std::ranges::any_of(stack.choices.public_ports, [&](int number) {
    return port.published == std::to_string(number);
  });
  return allowed ? Door::allowed : Door::edge_other;
}

template <class Tell>
void each_port(const Stack& stack, Door door, Tell tell) {
  for (const Service& service : stack.services()) {
    for (const PublishedPort& port : lines_of(service)) {
      if (door_of(stack, service, port) == door) tell(service, port);
    }
  }
}

std::string subject(const PublishedPort& port) { return fmt::format("ports {}", port_text(port)); }

// "5432:5432" becomes "127.0.0.1:5432:5432"; a long form gets a host_ip.
Changes bind_to_loopback(const Stack& stack, const Service& service, const PublishedPort& port) {
  const stack::Node* ports = own_member(stack, service, "ports");
  if (ports == nullptr || !port.node->span.known()) return {};
  const auto item = std::ranges::find(ports->items, port.node->span, &stack::Node::span);
  if (item == ports->items.end()) return {};
  if (item->is_mapping()) {
    const stack::Node* ip = item->find("host_ip");
    return ip != nullptr ? set_value(stack, ip->span, "127.0.0.1")
                         : add_inside(stack, item->span, "host_ip", "127.0.0.1");
  }
  std::string text = stack::scalar_text(*item);
  // what a variable says may hold an address, too
  if (text.contains('$') || text.contains('[')) return {};
  for (const std::string_view any : {"0.0.0.0:", "*:"}) {
    if (text.starts_with(any)) text.erase(0, any.size());
  }
  if (!text.contains(':')) text = fmt::format("{}:{}", text.substr(0, text.find('/')), text);
  return set_value(stack, item->span, fmt::format("\"127.0.0.1:{}\"", text));
}

std::string to_loopback(const PublishedPort& port) {
  const std::string published =
      port.published.empty() ? std::to_string(port.target) : port.published;
  return fmt::format(
      "Remove the port when only services of the stack use it; they reach it without. For access "
      "from the host or through an SSH tunnel write \"127.0.0.1:{}:{}\".",
      published, port.target);
}

void public_bind(const Stack& stack, Sightings& out) {
  each_port(stack, Door::open, [&](const Service& service, const PublishedPort& port) {
    Finding& finding = out.in(service, port.node, subject(port),
                              fmt::format("Port {} of {} is open on every address of the host",
                                          port.published, service.name()));
    finding.how = to_loopback(port);
    finding.changes = bind_to_loopback(stack, service, port);
  });
}

void datastore_public(const Stack& stack, Sightings& out) {
  each_port(stack, Door::datastore, [&](const Service& service, const PublishedPort& port) {
    Finding& finding = out.in(
        service, port.node, subject(port),
        fmt::format("Port {} of {} ({}) is open on every address of the host", port.target,
                    service.name(),
                    service.image().empty() ? "a data store's port" : service.image_name().name));
    finding.how = to_loopback(port);
    finding.changes = bind_to_loopback(stack, service, port);
  });
}

void admin_ui_public(const Stack& stack, Sightings& out) {
  each_port(stack, Door::admin, [&](const Service& service, const PublishedPort& port) {
    Finding& finding = out.in(service, port.node, subject(port),
                              fmt::format("The console {} is open on every address of the host",
                                          service.image_name().name));
    finding.how = to_loopback(port);
    finding.changes = bind_to_loopback(stack, service, port);
  });
}

void only_80_443(const Stack& stack, Sightings& out) {
  each_port(stack, Door::edge_other, [&](const Service& service, const PublishedPort& port) {
    out.in(service, port.node, subject(port),
           fmt::format("The edge {} opens port {} beside those that are meant for the world",
                       service.name(), port.published))
        .changes = bind_to_loopback(stack, service, port);
  });
}

void random_port(const Stack& stack, Sightings& out) {
  each_port(stack, Door::random, [&](const Service& service, const PublishedPort& port) {
    Finding& finding =
        out.in(service, port.node, subject(port),
               fmt::format("Port {} of {} gets a random port of the host, on every address",
                           port.target, service.name()));
    finding.how = to_loopback(port);
    finding.changes = bind_to_loopback(stack, service, port);
  });
}

void port_range(const Stack& stack, Sightings& out) {
  constexpr std::size_t kWide = 10;
  for (const Service& service : stack.services()) {
    const auto ports = service.ports();
    for (const PublishedPort& line : lines_of(service)) {
      const auto count = static_cast<std::size_t>(std::ranges::count_if(
          ports, [&](const PublishedPort& port) { return port.node->span == line.node->span; }));
      if (!line.node->span.known() || count <= kWide) continue;
      out.in(service, line.node, "ports range",
             fmt::format("{} opens a range of {} ports", service.name(), count));
    }
  }
}

void no_edge(const Stack& stack, Sightings& out) {
  const auto services = stack.services();
  if (std::ranges::any_of(services, [&](const Service& one) { return stack.is_edge(one); })) return;
  for (const Service& service : services) {
    for (const PublishedPort& port : lines_of(service)) {
      if (door_of(stack, service, port) != Door::open) continue;
      out.in(service, port.node, "ports",
             fmt::format("No proxy stands between the world and {}", service.name()));
      return;
    }
  }
}

void privileged_port(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    if (stack.is_edge(service)) continue;
    for (const PublishedPort& port : lines_of(service)) {
      if (port.target == 0 || port.target >= 1024) continue;
      out.in(service, port.node, subject(port),
             fmt::format("{} listens on port {}, which is reserved for root on many hosts",
                         service.name(), port.target));
    }
  }
}

constexpr std::string_view kBadPort = "ports:\n  - \"8000:8000\"";
constexpr std::string_view kGoodPort = "ports:\n  - \"127.0.0.1:8000:8000\"";

constexpr Rule kRules[] = {
    {"net-public-bind", Severity::critical, FixKind::behaviour,
     "A service that is not the edge is open to the world",
     "Docker opens published ports past the host's firewall: anybody can talk to the service "
     "without the proxy's TLS, authentication and limits.",
     "Publish on 127.0.0.1 only, or let the proxy reach the service over a network.",
     "CIS Docker Benchmark 5.14; Docker documentation, packet filtering and firewalls", kBadPort,
     kGoodPort, public_bind},
    {"net-datastore-public", Severity::critical, FixKind::behaviour,
     "A data store or its telemetry is open to the world",
     "Scanners find open databases, queues and metrics within hours; one weak password or none is "
     "all that is left between them and the data.",
     "Remove the published port; services of the stack reach each other without it.",
     "CIS Docker Benchmark 5.14; OWASP Docker Security Cheat Sheet",
     "image: postgres:17.2\nports:\n  - \"5432:5432\"", "image: postgres:17.2", datastore_public},
    {"net-admin-ui-public", Severity::critical, FixKind::proposal,
     "An administration console is open to the world",
     "Whoever gets past its login owns what it administers, and the login is all that protects it.",
     "Publish it on 127.0.0.1 only, or behind the proxy with authentication of its own.",
     "OWASP Application Security Verification Standard, administrative interfaces",
     "image: dpage/pgadmin4:8.14\nports:\n  - \"5050:80\"",
     "image: dpage/pgadmin4:8.14\nports:\n  - \"127.0.0.1:5050:80\"", admin_ui_public},
    {"net-only-80-443", Severity::high, FixKind::behaviour,
     "The edge opens more than the ports meant for the world",
     "A second door (a dashboard, a debug port, plain HTTP on 8080) has none of the rules of the "
     "first.",
     "Keep 80 and 443; publish anything else on 127.0.0.1, or name it in the policy under "
     "choices.public_ports.",
     "CIS Docker Benchmark 5.9",
     "image: traefik:v3.2.1\nports:\n  - \"443:443\"\n  - \"8080:8080\"",
     "image: traefik:v3.2.1\nports:\n  - \"443:443\"\n  - \"127.0.0.1:8080:8080\"", only_80_443},
    {"net-no-edge", Severity::high, FixKind::proposal, "Services face the world without a proxy",
     "There is no one place for TLS, request limits, authentication and slow clients; each service "
     "would have to do all of it.",
     "Put nginx, Caddy or Traefik in front and publish only that one.",
     "Twelve-Factor App, port binding", kBadPort,
     "services:\n  edge:\n    image: nginx:1.27.3\n    ports: [\"80:80\", \"443:443\"]", no_edge},
    {"net-random-port", Severity::medium, FixKind::behaviour,
     "A port without a host port is published at random",
     "\"8000\" in ports publishes 8000 at a random port of every address: nobody knows the door, "
     "but it is open, and it moves at every start.",
     "Write the host's address and port, or use expose.", "Compose specification, ports",
     "ports:\n  - \"8000\"", kGoodPort, random_port},
    {"net-port-range", Severity::medium, FixKind::behaviour, "A wide range of ports is published",
     "Each port costs a proxy process and a firewall rule, and few of them are in use.",
     "Publish the ports that are needed one by one.", "Compose specification, ports",
     "ports:\n  - \"127.0.0.1:9000-9100:9000-9100\"", "ports:\n  - \"127.0.0.1:9000:9000\"",
     port_range},
    {"net-privileged-port", Severity::info, FixKind::none,
     "A service behind the edge listens on a port below 1024",
     "It needs root or a capability for that where the engine does not allow it to all.",
     "Let the service listen on a port above 1023.", "CIS Docker Benchmark 5.8",
     "ports:\n  - \"127.0.0.1:8080:80\"", "ports:\n  - \"127.0.0.1:8080:8080\"", privileged_port},
};

}  // namespace

RuleTable network_ports_rules() { return {kRules}; }

}  // namespace selvage::audit
