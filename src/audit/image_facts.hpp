// What is known of public images by their name: what they are for, where their data lies, which
// versions are no longer mended. Copies of an image under another registry or vendor keep its name
// ("bitnami/redis", "registry.example/redis"), so the last part of the name decides.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace selvage::audit {

struct ImageName {
  std::string text;
  std::string registry;    // "docker.io" when none is written
  std::string repository;  // "library/redis", "grafana/loki"
  std::string name;        // "redis": the last part of the repository
  std::string tag;         // empty: none written
  std::string digest;      // "sha256:..."; empty: none written
};
[[nodiscard]] ImageName parse_image(std::string_view text);

enum class Role {
  other,
  database,   // holds what cannot be made again
  cache,      // Redis and its kin: may hold what cannot be made again
  broker,     // message queues with state
  edge,       // proxies made to face the world
  admin,      // consoles that change or show everything
  telemetry,  // metrics and logs: no business of the world's
};

struct ImageFacts {
  std::string_view name;  // of the image
  Role role = Role::other;
  std::string_view data;             // where its state lies, several separated by ' '
  int port = 0;                      // that it listens on; 0: several or unknown
  bool health_check_inside = false;  // the image brings its own
  bool secret_files = false;         // reads NAME_FILE for its secrets
  bool needs_root = false;           // starts as root to chown or to bind, then drops
};

// The row of "" when the name is not known.
[[nodiscard]] const ImageFacts& facts_of(const ImageName& image);
[[nodiscard]] bool is_datastore(Role role);  // database, cache or broker

struct EndOfLife {
  std::string_view name;
  int last_major;  // this and older ones get no mends; -1: no version does
  std::string_view what;
};
[[nodiscard]] std::span<const EndOfLife> ended_images();

}  // namespace selvage::audit
