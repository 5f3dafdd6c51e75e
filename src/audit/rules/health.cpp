// Health checks: there, and telling the truth.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "audit/detail/address.hpp"
#include "audit/sightings.hpp"
#include "audit/stack.hpp"
#include "base/clock.hpp"
#include "base/text.hpp"

namespace selvage::audit {

namespace {

template <class Tell>
void each_test(const Stack& stack, Tell tell) {
  for (const Service& service : stack.services()) {
    const auto test = service.health_test();
    if (test && !test->disabled && !test->command.empty()) tell(service, *test);
  }
}

std::string_view example_check(const Service& service) {
  const std::string name = service.image_name().name;
  if (name.starts_with("postg") || name == "pgvector") {
    return "test: [CMD-SHELL, 'pg_isready -U \"$$POSTGRES_USER\" -d \"$$POSTGRES_DB\"']";
  }
  if (name == "redis" || name == "valkey") {
    return "test: [CMD-SHELL, 'redis-cli -a \"$$REDIS_PASSWORD\" ping | grep -q PONG']";
  }
  if (name == "mysql" || name == "mariadb")
    return "test: [CMD, healthcheck.sh, --connect, --innodb_initialized]";
  if (name == "nginx") return "test: [CMD, curl, -fsS, http://127.0.0.1/health]";
  if (name == "rabbitmq") return "test: [CMD, rabbitmq-diagnostics, -q, ping]";
  if (name == "prometheus") return "test: [CMD, wget, -qO-, http://127.0.0.1:9090/-/ready]";
  if (name == "grafana") return "test: [CMD, wget, -qO-, http://127.0.0.1:3000/api/health]";
  return "";
}

void missing(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    const auto test = service.health_test();
    if ((test && (test->disabled || !test->command.empty())) || stack.is_oneshot(service) ||
        service.facts().health_check_inside) {
      continue;
    }
    const std::string_view example = example_check(service);
    out.of(service, fmt::format("Nothing tells whether {} works", service.name())).how =
        example.empty() ? "" : fmt::format("healthcheck: {{{}}}", example);
  }
}

void disabled(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    const auto test = service.health_test();
    if (!test || !test->disabled) continue;
    out.in(service, test->node, "healthcheck",
           fmt::format("The health check of {} is switched off", service.name()));
  }
}

void always_true(const Stack& stack, Sightings& out) {
  each_test(stack, [&](const Service& service, const HealthTest& test) {
    const std::string_view command = trim(test.command);
    const bool nothing = command == "true" || command == "exit 0" || command == "/bin/true" ||
                         command == ":" || (command.starts_with("echo ") && !command.contains('|'));
    if (!nothing && !command.ends_with("|| true") && !command.ends_with("|| exit 0") &&
        !command.ends_with("; exit 0") && !command.ends_with("|| :")) {
      return;
    }
    out.in(service, test.node, "healthcheck.test",
           fmt::format("The health check of {} succeeds whatever happens", service.name()));
  });
}

void redis_ping(const Stack& stack, Sightings& out) {
  each_test(stack, [&](const Service& service, const HealthTest& test) {
    const std::string& command = test.command;
    if (!command.contains("redis-cli") && !command.contains("valkey-cli")) return;
    if (!command.contains("ping") && !command.contains("PING")) return;
    if (command.contains("PONG") || command.contains(" -e ") || command.contains("--raw incr"))
      return;
    out.in(service, test.node, "healthcheck.test",
           fmt::format("The ping of {} succeeds when the server answers with an error",
                       service.name()));
  });
}

void pg_isready(const Stack& stack, Sightings& out) {
  each_test(stack, [&](const Service& service, const HealthTest& test) {
    if (!test.command.contains("pg_isready") || service.variable("PGUSER")) return;
    const bool user = test.command.contains("-U") || test.command.contains("--username");
    const bool database = test.command.contains("-d") || test.command.contains("--dbname");
    if (user && database) return;
    out.in(service, test.node, "healthcheck.test",
           fmt::format("pg_isready asks {} as user {} for database {}", service.name(),
                       user ? "given" : "root", database ? "given" : "of the user's name"));
  });
}

// Ports that the service is known to listen on; empty when too little is known.
std::set<int> listening(const Service& service) {
  std::set<int> ports;
  bool certain = false;
  for (const stack::NamedValue& variable : service.environment()) {
    const auto number = compose_number(variable.value.value_or(""));
    if (!number || *number < 1 || *number > 65535) continue;
    if (variable.name == "PORT" || variable.name.ends_with("_PORT")) {
      ports.insert(static_cast<int>(*number));
      certain |= variable.name == "PORT";
    }
  }
  const std::string command = service.words("command");
  for (const std::string_view flag : {"--port ", "--port=", "0.0.0.0:", "--bind :"}) {
    const auto at = command.find(flag);
    if (at == command.npos) continue;
    std::string_view rest = std::string_view(command).substr(at + flag.size());
    const auto number = compose_number(rest.substr(0, rest.find_first_not_of("0123456789")));
    if (!number) continue;
    ports.insert(static_cast<int>(*number));
    certain = true;
  }
  if (!certain) return {};
  for (const stack::PublishedPort& port : service.ports()) ports.insert(port.target);
  for (const stack::Node* item : service.items("expose")) {
    if (const auto number = compose_number(stack::scalar_text(*item))) {
      ports.insert(static_cast<int>(*number));
    }
  }
  return ports;
}

void port(const Stack& stack, Sightings& out) {
  each_test(stack, [&](const Service& service, const HealthTest& test) {
    const auto address = address_in(test.command);
    if (!address || !is_local_host(address->host) || !address->scheme.starts_with("http")) return;
    const int probed = address->port != 0 ? address->port : address->scheme == "https" ? 443 : 80;
    const auto ports = listening(service);
    if (ports.empty() || ports.contains(probed)) return;
    out.in(service, test.node, "healthcheck.test",
           fmt::format("The health check of {} asks port {}, and it listens on {}", service.name(),
                       probed, fmt::join(ports, ", ")));
  });
}

void timing(const Stack& stack, Sightings& out) {
  each_test(stack, [&](const Service& service, const HealthTest& test) {
    const auto time = [&](std::string_view part) -> std::optional<milliseconds> {
      const auto parsed = parse_duration(service.text_at({"healthcheck", part}));
      return parsed ? std::optional(*parsed) : std::nullopt;
    };
    std::vector<std::string> wrong;
    const auto interval = time("interval");
    const auto timeout = time("timeout");
    if (interval && timeout && *timeout >= *interval) {
      wrong.push_back(fmt::format("its time-out {} is not shorter than its interval {}",
                                  to_string(*timeout), to_string(*interval)));
    }
    const bool over_network = test.command.contains("http") || test.command.contains("curl");
    if (timeout && over_network && *timeout < std::chrono::seconds(5)) {
      wrong.push_back(fmt::format("its time-out {} is short for a busy host", to_string(*timeout)));
    }
    if (service.at({"healthcheck", "start_period"}) == nullptr) {
      wrong.emplace_back("it has no start_period");
    }
    if (wrong.empty()) return;
    out.in(service, service.find("healthcheck"), "healthcheck",
           fmt::format("The health check of {}: {}", service.name(), join(wrong, "; ")));
  });
}

void via_edge(const Stack& stack, Sightings& out) {
  each_test(stack, [&](const Service& service, const HealthTest& test) {
    const auto address = address_in(test.command);
    if (!address || is_local_host(address->host) || is_ip_address(address->host) ||
        !address->host.contains('.') || address->host.contains('$')) {
      return;
    }
    out.in(service, test.node, "healthcheck.test",
           fmt::format("The health of {} is asked by way of {}", service.name(), address->host));
  });
}

constexpr std::string_view kGood =
    "healthcheck:\n  test: [CMD, curl, -fsS, http://127.0.0.1:8000/health]\n"
    "  interval: 30s\n  timeout: 5s\n  start_period: 30s";

constexpr Rule kRules[] = {
    {"hc-missing", Severity::high, FixKind::proposal, "A service has no health check",
     "Nobody can wait for it: the next deploy sends requests to a service that is not ready or "
     "hangs, and calls it running.",
     "healthcheck with a test that asks the service for what it is there for",
     "CIS Docker Benchmark 5.27; Compose documentation, control startup order",
     "image: acme/api:1.4", kGood, missing},
    {"hc-disabled", Severity::medium, FixKind::safe, "A health check is switched off",
     "The image's own check would tell when the service hangs; without it nobody does.",
     "Remove disable: true, or give a test that fits.", "CIS Docker Benchmark 5.27",
     "healthcheck:\n  disable: true", kGood, disabled},
    {"hc-always-true", Severity::high, FixKind::proposal, "A health check cannot fail",
     "It calls a dead service healthy, and everything that waits for it believes that.",
     "Let the test's last command decide: no || true, no exit 0.",
     "Dockerfile reference, HEALTHCHECK",
     "healthcheck:\n  test: curl http://127.0.0.1:8000/health || true", kGood, always_true},
    {"hc-redis-ping", Severity::high, FixKind::safe, "A Redis health check ignores errors",
     "redis-cli ping ends with 0 when the server says NOAUTH or LOADING: it is always healthy.",
     "test: [CMD-SHELL, 'redis-cli -a \"$$REDIS_PASSWORD\" ping | grep -q PONG']",
     "Redis documentation, redis-cli", "healthcheck:\n  test: redis-cli ping",
     "healthcheck:\n  test: redis-cli ping | grep -q PONG", redis_ping},
    {"hc-pg-isready", Severity::low, FixKind::safe, "pg_isready asks as the wrong user",
     "The server logs \"role root does not exist\" at every check, and says nothing of the "
     "database in use.",
     "test: [CMD-SHELL, 'pg_isready -U \"$$POSTGRES_USER\" -d \"$$POSTGRES_DB\"']",
     "PostgreSQL documentation, pg_isready", "healthcheck:\n  test: pg_isready",
     "healthcheck:\n  test: pg_isready -U app -d app", pg_isready},
    {"hc-port", Severity::high, FixKind::safe, "A health check asks the wrong port",
     "The service is never healthy, so nothing that waits for it starts.",
     "Ask the port that the service listens on.", "Compose specification, healthcheck",
     "environment: {PORT: \"8000\"}\nhealthcheck:\n  test: curl -f http://127.0.0.1:3000/health",
     "environment: {PORT: \"8000\"}\nhealthcheck:\n  test: curl -f http://127.0.0.1:8000/health",
     port},
    {"hc-timing", Severity::medium, FixKind::safe, "A health check's times do not fit",
     "Checks overlap, fail on a busy host, or count failures while the service is still starting.",
     "interval: 30s, timeout: 5s, retries: 3, and a start_period as long as a slow start",
     "Compose specification, healthcheck",
     "healthcheck:\n  test: curl -f http://127.0.0.1:8000/health\n  interval: 5s\n  timeout: 10s",
     kGood, timing},
    {"hc-via-edge", Severity::low, FixKind::proposal, "A health check goes around by the internet",
     "It fails when DNS, the certificate or the proxy does, and the engine restarts a service that "
     "is well.",
     "Ask http://127.0.0.1 inside the container.", "Compose specification, healthcheck",
     "healthcheck:\n  test: curl -f https://shop.example.com/health", kGood, via_edge},
};

}  // namespace

RuleTable health_rules() { return {kRules}; }

}  // namespace selvage::audit
