#include "data/readiness.hpp"

#include <fmt/format.h>

#include <chrono>

#include "base/text.hpp"
#include "data/detail/dependency_url.hpp"
#include "data/detail/service_checks.hpp"
#include "data/redis_url.hpp"

namespace selvage::data {

namespace {

// "name=" in front of a URL; a '=' behind the "://" belongs to the URL.
std::size_t name_length(std::string_view item) {
  const std::size_t equals = item.find('=');
  return equals < item.find("://") ? equals : std::string_view::npos;
}

bool is_redis(std::string_view url) { return starts_with_icase(url, "redis"); }

bool names_several_hosts(std::string_view item) {
  const std::string scheme = to_lower_ascii(item.substr(0, item.find("://")));
  return scheme.ends_with("+sentinel") || scheme.ends_with("+cluster");
}

// The service a URL means, without what is beside it: credentials, path, query.
Result<std::string> name_of(std::string_view url) {
  if (!is_redis(url)) return TRY(parse_dependency_url(url)).origin();
  RedisUrl redis = TRY(RedisUrl::parse(url));
  redis.db = 0;
  return redis.label();
}

Result<Dependency> parse_dependency(std::string_view item) {
  const std::size_t length = name_length(item);
  const std::string_view url = length == std::string_view::npos ? item : item.substr(length + 1);
  std::string name = TRY(name_of(url));
  if (length != std::string_view::npos) name = trim(item.substr(0, length));
  return Dependency{std::move(name), std::string(url)};
}

Task<Result<void>> check(std::string text, Deadline deadline) {
  if (is_redis(text)) co_return co_await check_redis(CO_TRY(RedisUrl::parse(text)), deadline);
  const DependencyUrl url = CO_TRY(parse_dependency_url(text));
  if (url.scheme == "postgres" || url.scheme == "postgresql") {
    co_return co_await check_postgres(url, deadline);
  }
  if (url.scheme == "tcp") co_return co_await check_tcp(url, deadline);
  co_return co_await check_http(url, deadline);
}

}  // namespace

Result<std::vector<Dependency>> parse_dependencies(std::span<const std::string> items) {
  std::vector<Dependency> dependencies;
  std::vector<std::string> problems;
  for (std::size_t i = 0; i < items.size(); ++i) {
    std::string item = items[i];
    if (names_several_hosts(item)) {  // whose commas have been taken for those of the list
      while (i + 1 < items.size() && !items[i + 1].contains("://")) item += "," + items[++i];
    }
    Result<Dependency> parsed = parse_dependency(item);
    if (parsed) {
      dependencies.push_back(std::move(*parsed));
    } else {
      problems.push_back(fmt::format("item {}: {}", i + 1, parsed.error().message));
    }
  }
  if (items.size() > kMaxDependencies) {
    problems.push_back(
        fmt::format("there are {} items, at most {} are taken", items.size(), kMaxDependencies));
  }
  if (problems.empty()) return dependencies;
  return fail(ErrorKind::invalid, "readiness.url", "READINESS_URLS: " + join(problems, "; "),
              "write each like redis://:password@host:6379 or name=https://host/health");
}

Task<Readiness> check_dependency(Dependency dependency, seconds limit) {
  const SteadyTime start = steady_now();
  const Result<void> done = co_await check(std::move(dependency.url), Deadline::after(limit));
  const std::chrono::duration<double, std::milli> took = steady_now() - start;
  Readiness readiness{.name = std::move(dependency.name),
                      .ok = done.has_value(),
                      .latency_ms = took.count(),
                      .error = {}};
  if (!done) readiness.error = done.error().describe();
  co_return readiness;
}

}  // namespace selvage::data
