#include "audit/image_facts.hpp"

#include <algorithm>
#include <array>

namespace selvage::audit {

namespace {

constexpr ImageFacts kUnknown{};

constexpr std::array kFacts = {
    ImageFacts{"postgres", Role::database, "/var/lib/postgresql/data /var/lib/postgresql", 5432,
               false, true, true},
    ImageFacts{"postgresql", Role::database, "/bitnami/postgresql /var/lib/postgresql/data", 5432,
               false, true},
    ImageFacts{"postgis", Role::database, "/var/lib/postgresql/data /var/lib/postgresql", 5432,
               false, true, true},
    ImageFacts{"pgvector", Role::database, "/var/lib/postgresql/data /var/lib/postgresql", 5432,
               false, true, true},
    ImageFacts{"timescaledb", Role::database, "/var/lib/postgresql/data /home/postgres/pgdata",
               5432, false, true, true},
    ImageFacts{"mysql", Role::database, "/var/lib/mysql", 3306, false, true, true},
    ImageFacts{"mariadb", Role::database, "/var/lib/mysql /bitnami/mariadb", 3306, false, true,
               true},
    ImageFacts{"mongo", Role::database, "/data/db", 27017, false, true, true},
    ImageFacts{"mongodb", Role::database, "/bitnami/mongodb /data/db", 27017, false, true},
    ImageFacts{"clickhouse-server", Role::database, "/var/lib/clickhouse", 0, false, false, true},
    ImageFacts{"elasticsearch", Role::database, "/usr/share/elasticsearch/data", 9200},
    ImageFacts{"opensearch", Role::database, "/usr/share/opensearch/data", 9200},
    ImageFacts{"meilisearch", Role::database, "/meili_data", 7700},
    ImageFacts{"qdrant", Role::database, "/qdrant/storage", 6333},
    ImageFacts{"weaviate", Role::database, "/var/lib/weaviate", 8080},
    ImageFacts{"chroma", Role::database, "/data /chroma/chroma", 8000},
    ImageFacts{"neo4j", Role::database, "/data", 0, false, false, true},
    ImageFacts{"cassandra", Role::database, "/var/lib/cassandra", 9042, false, false, true},
    ImageFacts{"couchdb", Role::database, "/opt/couchdb/data", 5984, false, false, true},
    ImageFacts{"influxdb", Role::database, "/var/lib/influxdb2 /var/lib/influxdb", 8086, false,
               false, true},
    ImageFacts{"minio", Role::database, "/data /bitnami/minio/data", 0, false, true},
    ImageFacts{"vault", Role::database, "/vault/file /vault/data", 8200},
    ImageFacts{"redis", Role::cache, "/data /bitnami/redis/data", 6379, false, false, true},
    ImageFacts{"valkey", Role::cache, "/data /bitnami/valkey/data", 6379, false, false, true},
    ImageFacts{"keydb", Role::cache, "/data", 6379, false, false, true},
    ImageFacts{"redis-stack-server", Role::cache, "/data", 6379, false, false, true},
    ImageFacts{"memcached", Role::cache, "", 11211},
    ImageFacts{"rabbitmq", Role::broker, "/var/lib/rabbitmq", 5672, false, false, true},
    ImageFacts{"kafka", Role::broker, "/var/lib/kafka/data /bitnami/kafka /tmp/kraft-combined-logs",
               9092},
    ImageFacts{"cp-kafka", Role::broker, "/var/lib/kafka/data", 9092},
    ImageFacts{"redpanda", Role::broker, "/var/lib/redpanda/data", 9092},
    ImageFacts{"nats", Role::broker, "", 4222},
    ImageFacts{"zookeeper", Role::broker, "/data /datalog", 2181, false, false, true},
    ImageFacts{"etcd", Role::broker, "/etcd-data /bitnami/etcd", 2379},
    ImageFacts{"nginx", Role::edge, "", 80, false, false, true},
    ImageFacts{"nginx-unprivileged", Role::edge, "", 8080},
    ImageFacts{"nginx-proxy", Role::edge, "", 80, false, false, true},
    ImageFacts{"nginx-proxy-manager", Role::edge, "", 80, false, false, true},
    ImageFacts{"openresty", Role::edge, "", 80, false, false, true},
    ImageFacts{"caddy", Role::edge, "", 80, false, false, true},
    ImageFacts{"traefik", Role::edge, "", 80, false, false, true},
    ImageFacts{"haproxy", Role::edge, "", 80},
    ImageFacts{"envoy", Role::edge, "", 0},
    ImageFacts{"kong", Role::edge, "", 8000},
    ImageFacts{"swag", Role::edge, "", 443, false, false, true},
    ImageFacts{"cloudflared", Role::edge, "", 0},
    ImageFacts{"pgadmin4", Role::admin, "", 80},
    ImageFacts{"phpmyadmin", Role::admin, "", 80},
    ImageFacts{"adminer", Role::admin, "", 8080},
    ImageFacts{"mongo-express", Role::admin, "", 8081},
    ImageFacts{"redis-commander", Role::admin, "", 8081},
    ImageFacts{"redisinsight", Role::admin, "", 5540},
    ImageFacts{"flower", Role::admin, "", 5555},
    ImageFacts{"portainer-ce", Role::admin, "/data", 9000, false, false, true},
    ImageFacts{"portainer", Role::admin, "/data", 9000, false, false, true},
    ImageFacts{"dozzle", Role::admin, "", 8080, false, false, true},
    ImageFacts{"kafka-ui", Role::admin, "", 8080},
    ImageFacts{"grafana", Role::admin, "/var/lib/grafana", 3000, false, true},
    ImageFacts{"grafana-oss", Role::admin, "/var/lib/grafana", 3000, false, true},
    ImageFacts{"kibana", Role::admin, "", 5601},
    ImageFacts{"prometheus", Role::telemetry, "/prometheus", 9090},
    ImageFacts{"alertmanager", Role::telemetry, "/alertmanager", 9093},
    ImageFacts{"loki", Role::telemetry, "/loki", 3100},
    ImageFacts{"tempo", Role::telemetry, "/var/tempo", 3200},
    ImageFacts{"jaeger", Role::telemetry, "", 16686},
    ImageFacts{"all-in-one", Role::telemetry, "", 16686},
    ImageFacts{"alloy", Role::telemetry, "", 12345, false, false, true},
    ImageFacts{"promtail", Role::telemetry, "", 9080, false, false, true},
    ImageFacts{"node-exporter", Role::telemetry, "", 9100},
    ImageFacts{"celery-exporter", Role::telemetry, "", 9808},
    ImageFacts{"redis_exporter", Role::telemetry, "", 9121},
    ImageFacts{"postgres-exporter", Role::telemetry, "", 9187},
    ImageFacts{"cadvisor", Role::telemetry, "", 8080, true, false, true},
};

constexpr std::array kEnded = {
    EndOfLife{"promtail", -1, "Promtail ended in March 2026; Grafana Alloy reads the same logs"},
    EndOfLife{"redis", 6, "Redis 6 and older get no mends"},
    EndOfLife{"postgres", 13, "PostgreSQL 13 and older get no mends"},
    EndOfLife{"postgresql", 13, "PostgreSQL 13 and older get no mends"},
    EndOfLife{"mysql", 5, "MySQL 5 gets no mends"},
    EndOfLife{"mongo", 5, "MongoDB 5 and older get no mends"},
    EndOfLife{"node", 18, "Node.js 18 and older get no mends"},
    EndOfLife{"python", 2, "Python 2 gets no mends"},
    EndOfLife{"elasticsearch", 7, "Elasticsearch 7 and older get no mends"},
    EndOfLife{"centos", -1, "CentOS Linux ended in 2024"},
    EndOfLife{"traefik", 1, "Traefik 1 gets no mends"},
};

}  // namespace

ImageName parse_image(std::string_view text) {
  ImageName image{.text = std::string(text)};
  std::string_view rest = text;
  if (const auto at = rest.find('@'); at != rest.npos) {
    image.digest = rest.substr(at + 1);
    rest = rest.substr(0, at);
  }
  const auto slash = rest.rfind('/');
  if (const auto colon = rest.rfind(':');
      colon != rest.npos && (slash == rest.npos || colon > slash)) {
    image.tag = rest.substr(colon + 1);
    rest = rest.substr(0, colon);
  }
  const auto first = rest.find('/');
  const std::string_view head = rest.substr(0, first);
  if (first != rest.npos && (head.contains('.') || head.contains(':') || head == "localhost")) {
    image.registry = head;
    image.repository = rest.substr(first + 1);
  } else {
    image.registry = "docker.io";
    image.repository = first == rest.npos ? "library/" + std::string(rest) : std::string(rest);
  }
  image.name = image.repository.substr(image.repository.rfind('/') + 1);
  return image;
}

const ImageFacts& facts_of(const ImageName& image) {
  const auto found = std::ranges::find(kFacts, image.name, &ImageFacts::name);
  return found == kFacts.end() ? kUnknown : *found;
}

bool is_datastore(Role role) {
  return role == Role::database || role == Role::cache || role == Role::broker;
}

std::span<const EndOfLife> ended_images() { return kEnded; }

}  // namespace selvage::audit
