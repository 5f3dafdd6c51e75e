// What services are told by their variables and commands: modes, addresses, ports.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "audit/detail/address.hpp"
#include "audit/sightings.hpp"
#include "audit/stack.hpp"
#include "base/text.hpp"

namespace selvage::audit {

namespace {

using stack::NamedValue;

bool is_on(std::string_view value) {
  const std::string word = to_lower_ascii(trim(value));
  return word == "true" || word == "1" || word == "yes" || word == "on";
}

bool is_development(const NamedValue& variable) {
  if (!variable.value) return false;
  constexpr std::array<std::string_view, 7> kSwitches = {
      "DEBUG", "FLASK_DEBUG", "APP_DEBUG", "DJANGO_DEBUG", "WERKZEUG_DEBUG", "RELOAD", "DEV_MODE"};
  if (std::ranges::find(kSwitches, variable.name) != kSwitches.end()) return is_on(*variable.value);
  constexpr std::array<std::string_view, 9> kModes = {
      "NODE_ENV",    "FLASK_ENV",  "APP_ENV", "RAILS_ENV", "RACK_ENV", "ASPNETCORE_ENVIRONMENT",
      "ENVIRONMENT", "DJANGO_ENV", "MIX_ENV"};
  if (std::ranges::find(kModes, variable.name) == kModes.end()) return false;
  const std::string mode = to_lower_ascii(*variable.value);
  return mode == "development" || mode == "dev" || mode == "local" || mode == "debug";
}

void debug(const Stack& stack, Sightings& out) {
  constexpr std::array<std::string_view, 9> kCommands = {
      "--reload", "manage.py runserver", "npm run dev", "yarn dev",
      "pnpm dev", "flask run --debug",   "nodemon",     "next dev",
      "vite dev"};
  for (const Service& service : stack.services()) {
    for (const NamedValue& variable : service.environment()) {
      if (!is_development(variable)) continue;
      out.in(service, variable.node, fmt::format("environment.{}", variable.name),
             fmt::format("{} runs with {}={}", service.name(), variable.name, *variable.value));
    }
    const std::string command = service.words("command");
    for (const std::string_view word : kCommands) {
      if (!command.contains(word)) continue;
      out.in(service, service.find("command"), "command",
             fmt::format("{} is started for development: {}", service.name(), word));
      break;
    }
  }
}

void open_registration(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    for (const NamedValue& variable : service.environment()) {
      const std::string_view name = variable.name;
      const bool about =
          name.contains("SIGN_UP") || name.contains("SIGNUP") || name.contains("REGISTRATION");
      if (!about || !variable.value) continue;
      const bool negated = name.contains("DISABLE") || name.contains("CLOSED") ||
                           name.contains("CONFIRM") || name.contains("TOKEN");
      const bool off = to_lower_ascii(*variable.value) == "false" || *variable.value == "0";
      const bool open = name.contains("DISABLE") ? off : !negated && is_on(*variable.value);
      if (!open) continue;
      out.in(service, variable.node, fmt::format("environment.{}", name),
             fmt::format("Anybody can make an account on {}", service.name()));
    }
  }
}

void public_url_http(const Stack& stack, Sightings& out) {
  constexpr std::array<std::string_view, 10> kNames = {
      "SITE_URL",     "BASE_URL",   "EXTERNAL_URL", "ROOT_URL",   "APP_URL",
      "FRONTEND_URL", "PUBLIC_URL", "_DOMAIN",      "SERVER_URL", "PUBLIC_HOST"};
  for (const Service& service : stack.services()) {
    for (const NamedValue& variable : service.environment()) {
      const bool is_public = std::ranges::any_of(
          kNames, [&](std::string_view end) { return variable.name.ends_with(end); });
      const auto address = address_in(variable.value.value_or(""));
      if (!is_public || !address || address->host.contains('$')) continue;
      // a bare name is a service of the stack
      const bool inside = is_local_host(address->host) || !address->host.contains('.') ||
                          stack.service(address->host).has_value();
      const bool bad = address->scheme == "http" || is_ip_address(address->host);
      if (inside || !bad) continue;
      out.in(
          service, variable.node, fmt::format("environment.{}", variable.name),
          fmt::format("{} sends people to {}://{}", variable.name, address->scheme, address->host));
    }
  }
}

constexpr std::array<std::string_view, 20> kSchemes = {"http",
                                                       "https",
                                                       "redis",
                                                       "rediss",
                                                       "postgres",
                                                       "postgresql",
                                                       "mysql",
                                                       "amqp",
                                                       "mongodb",
                                                       "tcp",
                                                       "nats",
                                                       "clickhouse",
                                                       "ws",
                                                       "grpc",
                                                       "mariadb",
                                                       "postgresql+asyncpg",
                                                       "postgresql+psycopg2",
                                                       "postgresql+psycopg",
                                                       "mysql+pymysql",
                                                       "amqps"};

// Everything that a name can mean on the networks of the stack.
std::set<std::string> known_names(const Stack& stack) {
  std::set<std::string> names;
  for (const Service& service : stack.services()) {
    names.emplace(service.name());
    for (const std::string_view member : {"container_name", "hostname"}) {
      if (const std::string name = service.text(member); !name.empty()) names.insert(name);
    }
    for (const std::string_view network : service.networks()) {
      const stack::Node* aliases = service.at({"networks", network, "aliases"});
      if (aliases == nullptr) continue;
      for (const stack::Node& alias : aliases->items) names.insert(alias.text);
    }
  }
  if (const stack::Node* services = &stack.project.disabled; services->is_mapping()) {
    for (const stack::Entry& entry : services->entries) names.insert(entry.key);
  }
  return names;
}

bool may_know_more(const Stack& stack, const Service& service) {
  if (service.find("extra_hosts") != nullptr || service.find("links") != nullptr ||
      service.find("external_links") != nullptr || service.find("network_mode") != nullptr ||
      service.find("dns") != nullptr) {
    return true;
  }
  return std::ranges::any_of(service.networks(), [&](std::string_view name) {
    return stack.project.tree.at({"networks", name, "external"}) != nullptr;
  });
}

bool on_one_network(const Service& a, const Service& b) {
  if (a.find("network_mode") != nullptr || b.find("network_mode") != nullptr) return true;
  auto of_a = a.networks();
  auto of_b = b.networks();
  if (of_a.empty()) of_a.emplace_back("default");
  if (of_b.empty()) of_b.emplace_back("default");
  return std::ranges::any_of(
      of_a, [&](std::string_view name) { return std::ranges::find(of_b, name) != of_b.end(); });
}

bool may_be_a_service(std::string_view host) {
  return std::ranges::all_of(host, [](char c) {
    const char lower = to_lower_ascii(c);
    return (lower >= 'a' && lower <= 'z') || is_digit(c) || c == '-' || c == '_';
  });
}

void service_url(const Stack& stack, Sightings& out) {
  const auto names = known_names(stack);
  for (const Service& service : stack.services()) {
    for (const NamedValue& variable : service.environment()) {
      const auto address = address_in(variable.value.value_or(""));
      if (!address || address->host.empty() || !may_be_a_service(address->host) ||
          is_local_host(address->host) || address->host.contains(stack::kPlaceholder) ||
          std::ranges::find(kSchemes, address->scheme) == kSchemes.end()) {
        continue;
      }
      const std::string subject = fmt::format("environment.{}", variable.name);
      const auto other = stack.service(address->host);
      if (!other) {
        if (names.contains(address->host) || may_know_more(stack, service)) continue;
        out.in(service, variable.node, subject,
               fmt::format("{} leads to {}, which no service is called", variable.name,
                           address->host));
      } else if (!on_one_network(service, *other)) {
        out.in(service, variable.node, subject,
               fmt::format("{} leads to {}, and {} shares no network with it", variable.name,
                           address->host, service.name()));
      } else if (const int port = other->facts().port;
                 port != 0 && address->port != 0 && address->port != port &&
                 is_datastore(other->facts().role) && !other->find("command")) {
        out.in(service, variable.node, subject,
               fmt::format("{} leads to port {} of {}, which listens on {}", variable.name,
                           address->port, address->host, port));
      }
    }
  }
}

void port_mismatch(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    const auto text = service.variable("PORT");
    const auto number = compose_number(text.value_or(""));
    const auto ports = service.ports();
    if (!number || ports.empty() || service.facts().role != Role::other) continue;
    const bool fits = std::ranges::any_of(
        ports, [&](const stack::PublishedPort& port) { return port.target == *number; });
    if (fits) continue;
    out.in(service, ports.front().node, "ports",
           fmt::format("{} listens on {} by PORT, and port {} is published", service.name(), *text,
                       ports.front().target));
  }
}

constexpr Rule kRules[] = {
    {"env-debug", Severity::high, FixKind::behaviour, "A service runs in development mode",
     "Error pages show source and settings to everybody, debuggers run code for whoever asks, and "
     "everything is slower.",
     "Remove it, or say production.", "OWASP Top Ten A05, security misconfiguration",
     "environment: {DEBUG: \"true\"}", "environment: {DEBUG: \"false\"}", debug},
    {"env-open-registration", Severity::medium, FixKind::behaviour, "Anybody can make an account",
     "An internal tool with open registration is a public one.",
     "Switch it off, and invite those who should come in.",
     "OWASP Application Security Verification Standard, registration",
     "environment: {GF_USERS_ALLOW_SIGN_UP: \"true\"}",
     "environment: {GF_USERS_ALLOW_SIGN_UP: \"false\"}", open_registration},
    {"env-public-url-http", Severity::medium, FixKind::proposal,
     "A public address is plain HTTP or a bare number",
     "Links in mails and redirects lead past TLS; cookies and passwords travel in the clear.",
     "https:// with the domain's name", "OWASP Transport Layer Security Cheat Sheet",
     "environment: {SITE_URL: \"http://shop.example.com\"}",
     "environment: {SITE_URL: \"https://shop.example.com\"}", public_url_http},
    {"env-service-url", Severity::high, FixKind::proposal, "An address leads nowhere",
     "The service fails at its first call, or at the first rare one.",
     "Name a service of the stack, on a network that both join, with the port it listens on.",
     "Compose documentation, networking",
     "services:\n  api: {environment: {REDIS_URL: \"redis://redis:6379\"}}\n"
     "  cache: {image: \"redis:7.4.1\"}",
     "services:\n  api: {environment: {REDIS_URL: \"redis://cache:6379\"}}\n"
     "  cache: {image: \"redis:7.4.1\"}",
     service_url},
    {"env-port-mismatch", Severity::high, FixKind::safe, "PORT and the published port differ",
     "The published port leads to nothing that listens.", "Publish the port that PORT names.",
     "Compose specification, ports",
     "environment: {PORT: \"8000\"}\nports: [\"127.0.0.1:8080:3000\"]",
     "environment: {PORT: \"8000\"}\nports: [\"127.0.0.1:8080:8000\"]", port_mismatch},
};

}  // namespace

RuleTable service_settings_rules() { return {kRules}; }

}  // namespace selvage::audit
