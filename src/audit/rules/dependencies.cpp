// Who waits for whom.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "audit/detail/address.hpp"
#include "audit/detail/written.hpp"
#include "audit/sightings.hpp"
#include "audit/stack.hpp"

namespace selvage::audit {

namespace {

bool has_working_check(const Service& service) {
  const auto test = service.health_test();
  return test ? !test->disabled : service.facts().health_check_inside;
}

// In the long form only the condition changes; a list becomes the long form, whole.
Changes wait_for_health(const Stack& stack, const Service& service, const std::string& name) {
  const stack::Node* own = own_member(stack, service, "depends_on");
  if (own == nullptr) return {};
  if (own->is_mapping()) {
    const stack::Node* entry = own->find(name);
    if (entry == nullptr || !entry->is_mapping()) return {};
    const stack::Node* said = entry->find("condition");
    return said != nullptr ? set_value(stack, said->span, "service_healthy")
                           : add_inside(stack, entry->span, "condition", "service_healthy");
  }
  std::string yaml;
  for (const stack::Dependency& dependency : service.dependencies()) {
    const auto other = stack.service(dependency.service);
    const bool healthy = other && has_working_check(*other);
    yaml += fmt::format("{}{}:\n  condition: {}", yaml.empty() ? "" : "\n", dependency.service,
                        healthy ? "service_healthy" : "service_started");
  }
  return set_value(stack, own->span, yaml);
}

void condition(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    for (const stack::Dependency& dependency : service.dependencies()) {
      const auto other = stack.service(dependency.service);
      if (dependency.condition != "service_started" || !other || !has_working_check(*other)) {
        continue;
      }
      out.in(service, dependency.node, fmt::format("depends_on.{}", dependency.service),
             fmt::format("{} starts as soon as {} runs, though {} has a health check",
                         service.name(), dependency.service, dependency.service))
          .changes = wait_for_health(stack, service, std::string(dependency.service));
    }
  }
}

void no_health(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    for (const stack::Dependency& dependency : service.dependencies()) {
      const auto other = stack.service(dependency.service);
      if (dependency.condition != "service_healthy" || !other || has_working_check(*other))
        continue;
      // an image that is not known may bring a check of its own
      const auto test = other->health_test();
      const bool sure = (test && test->disabled) || !other->facts().name.empty();
      if (!sure) continue;
      out.in(service, dependency.node, fmt::format("depends_on.{}", dependency.service),
             fmt::format("{} waits until {} is healthy, and {} has no health check", service.name(),
                         dependency.service, dependency.service));
    }
  }
}

// All that must have started before `service`.
void collect(const Stack& stack, const Service& service, std::set<std::string>& all) {
  for (const stack::Dependency& dependency : service.dependencies()) {
    if (!all.emplace(dependency.service).second) continue;
    if (const auto other = stack.service(dependency.service)) collect(stack, *other, all);
  }
}

void missing(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    std::set<std::string> before;
    collect(stack, service, before);
    std::set<std::string> told;
    for (const stack::NamedValue& variable : service.environment()) {
      const auto address = address_in(variable.value.value_or(""));
      if (!address || address->host == service.name() || before.contains(address->host)) continue;
      const auto other = stack.service(address->host);
      // two that need each other cannot both wait
      if (!other || !is_datastore(other->facts().role) || !told.insert(address->host).second)
        continue;
      out.in(service, variable.node, fmt::format("environment.{}", variable.name),
             fmt::format("{} uses {} by {} and does not wait for it", service.name(), address->host,
                         variable.name))
          .how = fmt::format("depends_on: {{{}: {{condition: {}}}}}", address->host,
                             has_working_check(*other) ? "service_healthy" : "service_started");
    }
  }
}

bool share_a_network(const Service& a, const Service& b) {
  const auto of_a = a.networks();
  const auto of_b = b.networks();
  if (of_a.empty() || of_b.empty()) return of_a.empty() == of_b.empty();
  return std::ranges::any_of(
      of_a, [&](std::string_view name) { return std::ranges::find(of_b, name) != of_b.end(); });
}

void edge_order(const Stack& stack, Sightings& out) {
  const auto services = stack.services();
  for (const Service& edge : services) {
    const std::string name = edge.image_name().name;
    // these two look names up as they go; nginx and HAProxy end at an unknown one
    if (edge.facts().role != Role::edge || name == "traefik" || name == "cloudflared" ||
        name == "nginx-proxy" || !edge.dependencies().empty()) {
      continue;
    }
    const auto behind = std::ranges::find_if(services, [&](const Service& other) {
      return other.name() != edge.name() && other.facts().role == Role::other &&
             !stack.is_oneshot(other) && share_a_network(edge, other);
    });
    if (behind == services.end()) continue;
    out.of(edge, fmt::format("{} waits for none of those behind it, such as {}", edge.name(),
                             behind->name()));
  }
}

constexpr Rule kRules[] = {
    {"rel-depends-condition", Severity::high, FixKind::safe,
     "A service does not wait until what it needs is healthy",
     "It starts against a database that is still starting and fails, or worse, half works.",
     "condition: service_healthy", "Compose documentation, control startup order",
     "depends_on: [db]", "depends_on:\n  db:\n    condition: service_healthy", condition},
    {"rel-depends-no-health", Severity::high, FixKind::proposal,
     "A service waits for the health of one that has no health check",
     "Compose refuses to start it: \"container has no healthcheck configured\".",
     "Give the other service a healthcheck.", "Compose documentation, control startup order",
     "services:\n  api: {depends_on: {cache: {condition: service_healthy}}}\n"
     "  cache: {image: \"redis:7.4.1\"}",
     "services:\n  api: {depends_on: {cache: {condition: service_healthy}}}\n"
     "  cache:\n    image: redis:7.4.1\n    healthcheck:\n      test: redis-cli ping | grep PONG",
     no_health},
    {"rel-depends-missing", Severity::medium, FixKind::safe,
     "A service uses a data store and does not wait for it",
     "After a reboot both start at once, and the first requests fail.",
     "Add it to depends_on with condition: service_healthy.",
     "Compose documentation, control startup order",
     "environment: {REDIS_URL: \"redis://cache:6379\"}",
     "environment: {REDIS_URL: \"redis://cache:6379\"}\n"
     "depends_on: {cache: {condition: service_healthy}}",
     missing},
    {"rel-edge-order", Severity::medium, FixKind::safe, "The edge waits for nobody",
     "It answers 502 while the services start, and nginx does not even start when a name behind it "
     "is not known yet.",
     "depends_on with condition: service_healthy for the services it passes requests to",
     "nginx documentation, proxy_pass", "image: nginx:1.27.3",
     "image: nginx:1.27.3\ndepends_on: {api: {condition: service_healthy}}", edge_order},
};

}  // namespace

RuleTable dependencies_rules() { return {kRules}; }

}  // namespace selvage::audit
