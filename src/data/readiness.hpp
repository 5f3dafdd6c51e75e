// Readiness: whether what this service depends on answers, and how fast. The check is chosen by the
// URL's scheme:
//
//   redis, rediss   AUTH and SELECT as the URL says, then PING; with +sentinel of the master, with
//                   +cluster of a node that holds slots
//   postgres        a start-up message; a server that is starting or shutting down is not ready
//   http, https     GET; ready below status 400
//   tcp             a connection
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/task.hpp"

namespace selvage::data {

struct Dependency {
  std::string name;  // what people call it; never holds credentials
  std::string url;   // may hold a password: not for logs
};

struct Readiness {
  std::string name;
  bool ok = false;
  double latency_ms = 0;  // measured, also of a failure
  std::string error;      // empty when ok; never holds credentials
};

inline constexpr std::size_t kMaxDependencies = 64;

// Items of READINESS_URLS: "redis://:password@cache:6379" or "cache=redis://...". Without a name it
// is the URL without credentials, path and query. Errors: readiness.url (invalid), which lists
// every bad item by number.
[[nodiscard]] Result<std::vector<Dependency>> parse_dependencies(
    std::span<const std::string> items);

// Answers within `limit` and never fails; may be awaited on any loop.
[[nodiscard]] Task<Readiness> check_dependency(Dependency dependency, seconds limit);

}  // namespace selvage::data
