// Services that only work, or can only be watched, together with others.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "audit/sightings.hpp"
#include "audit/stack.hpp"

namespace selvage::audit {

namespace {

// What of `a` is mounted at `path` or above it.
std::set<std::string> sources_at(const Service& service, std::string_view path) {
  std::set<std::string> sources;
  for (const stack::Mount& mount : service.mounts()) {
    if (mount.target == path || path.starts_with(mount.target + "/") ||
        mount.target.starts_with(fmt::format("{}/", path))) {
      sources.insert(mount.source);
    }
  }
  return sources;
}

void certificate_volumes(const Stack& stack, Sightings& out) {
  const auto services = stack.services();
  for (const Service& certbot : services) {
    if (certbot.image_name().name != "certbot") continue;
    const auto certificates = sources_at(certbot, "/etc/letsencrypt");
    const bool shared = std::ranges::any_of(services, [&](const Service& edge) {
      if (!stack.is_edge(edge)) return false;
      const auto others = sources_at(edge, "/etc/letsencrypt");
      return std::ranges::any_of(certificates, [&](const std::string& source) {
        return !source.empty() && others.contains(source);
      });
    });
    if (shared) continue;
    out.of(certbot, fmt::format("No proxy sees the certificates of {}", certbot.name()));
  }
}

struct Exporter {
  std::string_view store;     // an image's name
  std::string_view exporter;  // part of an image's name
};
constexpr std::array kExporters = {
    Exporter{"postgres", "postgres-exporter"}, Exporter{"postgres", "postgres_exporter"},
    Exporter{"redis", "redis_exporter"},       Exporter{"redis", "redis-exporter"},
    Exporter{"mysql", "mysqld-exporter"},      Exporter{"mariadb", "mysqld-exporter"},
    Exporter{"mongo", "mongodb_exporter"},
};

void exporter_missing(const Stack& stack, Sightings& out) {
  const auto services = stack.services();
  const auto runs = [&](std::string_view part) {
    return std::ranges::any_of(services,
                               [&](const Service& one) { return one.image().contains(part); });
  };
  // without a collector nobody would read them; alloy and the agents bring their own
  if (!runs("prom/prometheus") || runs("grafana/alloy")) return;
  for (const Service& service : services) {
    const std::string name = service.image_name().name;
    bool known = false;
    bool watched = false;
    for (const Exporter& row : kExporters) {
      if (row.store != name) continue;
      known = true;
      watched |= runs(row.exporter);
    }
    if (!known || watched) continue;
    out.of(service,
           fmt::format("Prometheus runs beside {} and sees nothing of it", service.name()));
  }
}

constexpr Rule kRules[] = {
    {"tls-cert-volumes", Severity::high, FixKind::none, "The proxy does not see the certificates",
     "certbot renews them in a volume of its own; the proxy goes on with the old ones until they "
     "have expired, or does not start.",
     "Mount the same volume at /etc/letsencrypt in both, read-only in the proxy.",
     "certbot documentation, where are my certificates",
     "certbot: {volumes: [\"certs:/etc/letsencrypt\"]}\nnginx: {}",
     "certbot: {volumes: [\"certs:/etc/letsencrypt\"]}\n"
     "nginx: {volumes: [\"certs:/etc/letsencrypt:ro\"]}",
     certificate_volumes},
    {"obs-exporter-missing", Severity::medium, FixKind::none, "A data store is not measured",
     "Full memory, slow queries and growing queues show only when users complain, though metrics "
     "are collected.",
     "Run its exporter and add it to the targets.", "Prometheus documentation, exporters",
     "prometheus: {image: \"prom/prometheus:v3.0.1\"}\ncache: {image: \"redis:7.4.1\"}",
     "prometheus: {image: \"prom/prometheus:v3.0.1\"}\ncache: {image: \"redis:7.4.1\"}\n"
     "exporter: {image: \"oliver006/redis_exporter:v1.66.0\"}",
     exporter_missing},
};

}  // namespace

RuleTable companions_rules() { return {kRules}; }

}  // namespace selvage::audit
