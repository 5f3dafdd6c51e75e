// One check a kind of service, each in that service's own protocol. Errors: readiness.* and those
// of net.
#pragma once

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/task.hpp"
#include "data/detail/dependency_url.hpp"
#include "data/redis_url.hpp"

namespace selvage::data {

[[nodiscard]] Task<Result<void>> check_tcp(DependencyUrl url, Deadline deadline);
[[nodiscard]] Task<Result<void>> check_redis(RedisUrl url, Deadline deadline);
[[nodiscard]] Task<Result<void>> check_postgres(DependencyUrl url, Deadline deadline);
[[nodiscard]] Task<Result<void>> check_http(DependencyUrl url, Deadline deadline);

// The parts that need no network.
// A StartupMessage of protocol 3.0.
[[nodiscard]] std::string postgres_startup(const DependencyUrl& url);
// Whether the server takes sessions; false: read more.
[[nodiscard]] Result<bool> read_postgres_answer(std::string_view answer);

}  // namespace selvage::data
