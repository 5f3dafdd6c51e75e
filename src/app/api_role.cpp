#include "app/api_role.hpp"

#include "app/beat_role.hpp"
#include "app/recycle.hpp"
#include "base/log.hpp"
#include "data/kept_secret.hpp"
#include "data/readiness.hpp"
#include "work/worker_registry.hpp"

namespace selvage::app {

namespace {

// Each check is a request that a storage service may charge for.
constexpr milliseconds kRemoteStorageStep{10'000};
constexpr milliseconds kWarmingUp{2'000};
constexpr milliseconds kWarmingStep{20};

net::ServerOptions server_options(const Platform& platform) {
  const Settings& settings = platform.settings;
  net::ServerOptions options;
  options.address = settings.text("HTTP_HOST");
  options.port = static_cast<std::uint16_t>(settings.integer("HTTP_PORT"));
  options.threads = static_cast<std::size_t>(settings.integer("HTTP_THREADS"));
  options.limits.connections = static_cast<std::size_t>(settings.integer("HTTP_MAX_CONNECTIONS"));
  options.limits.connections_per_peer =
      static_cast<std::size_t>(settings.integer("HTTP_CONNECTIONS_PER_PEER"));
  options.trusted_proxies = settings.list("TRUSTED_PROXIES");
  options.cors_origins = settings.list("CORS_ORIGINS");
  options.listeners = inherited_listeners();
  options.tracer = platform.traces.get();
  return options;
}

bool operations_open(const Settings& settings) {
  const std::string& access = settings.text("OPERATIONS_ACCESS");
  if (access != "auto") return access == "open";
  const std::string& host = settings.text("HTTP_HOST");
  return host.starts_with("127.") || host == "::1" || host == "localhost";
}

Task<Result<void>> check_workers(data::Database& database) {
  auto rows =
      CO_TRY(co_await database.read([](data::Transaction& tx) { return work::list_workers(tx); }));
  for (const work::WorkerRow& row : rows) {
    if (row.state == "running" || row.state == "draining") co_return Result<void>{};
  }
  co_return fail(ErrorKind::unavailable, "health.no_worker", "no worker is running",
                 "start one: selvage worker");
}

Task<Result<void>> check_declared(data::Dependency dependency) {
  const data::Readiness readiness = co_await data::check_dependency(
      std::move(dependency), std::chrono::duration_cast<seconds>(kHealthLimit));
  if (readiness.ok) co_return Result<void>{};
  co_return fail(ErrorKind::unavailable, "ready.dependency", readiness.error);
}

// Loading at the start is no failure to tell of: it is waited for, as the sizes that are asked
// then.
Task<Result<void>> check_sizing(const sizing::Sizer* sizer) {
  const Deadline patience = Deadline::after(kWarmingUp);
  while (true) {
    const Result<void> health = sizer->health();
    const bool warming = !health && health.error().code == "sizing.warming_up";
    if (!warming || patience.passed()) co_return health;
    co_await net::sleep_for(kWarmingStep);
  }
}

Result<std::vector<HealthCheck>> health_checks(Platform& platform, const sizing::Sizer* sizer) {
  std::vector<HealthCheck> checks;
  checks.push_back({"database", true,
                    [&platform] [[clang::coro_wrapper]] () { return platform.database->ping(); }});
  checks.push_back({"storage", true,
                    [&platform] [[clang::coro_wrapper]] () { return platform.storage->ping(); },
                    platform.local_storage ? kHealthStep : kRemoteStorageStep});
  checks.push_back(
      {"queue", true, [&platform] [[clang::coro_wrapper]] () { return platform.broker->ping(); }});
  checks.push_back({"workers", true, [&platform] [[clang::coro_wrapper]] () {
                      return check_workers(*platform.database);
                    }});
  checks.push_back(schedule_health(*platform.database));
  if (sizer != nullptr) {
    // A platform without models still takes jobs: degraded, and ready.
    checks.push_back({.name = "sizing",
                      .check = [sizer] [[clang::coro_wrapper]] () { return check_sizing(sizer); },
                      .ready = false});
  }
  for (const data::Dependency& dependency :
       TRY(data::parse_dependencies(platform.settings.list("READINESS_URLS")))) {
    checks.push_back({dependency.name, false, [dependency] [[clang::coro_wrapper]] () {
                        return check_declared(dependency);
                      }});
  }
  return checks;
}

}  // namespace

Result<std::unique_ptr<ApiRole>> ApiRole::create(net::Loop& loop, Platform& platform,
                                                 const net::EgressGuard& guard,
                                                 sizing::Sizer* sizer, std::string provider) {
  auto key =
      TRY(data::kept_secret(std::filesystem::path(platform.settings.text("DATA_DIR")) / "secrets",
                            "console-session-key"));
  auto checks = TRY(health_checks(platform, sizer));
  return std::unique_ptr<ApiRole>(new ApiRole(loop, platform, guard, sizer, std::move(key),
                                              std::move(checks), std::move(provider),
                                              server_options(platform)));
}

ApiRole::ApiRole(net::Loop& loop, Platform& platform, const net::EgressGuard& guard,
                 sizing::Sizer* sizer, Secret console_key, std::vector<HealthCheck> checks,
                 std::string provider, net::ServerOptions options)
    : platform_(platform),
      console_sessions_(std::move(console_key)),
      authenticator_(*platform.database, console_sessions_, operations_open(platform.settings)),
      acceptance_(*platform.database, *platform.broker, *platform.storage, guard, platform.queue,
                  &platform.metrics, platform.settings.integer("OWNER_DAILY_JOBS")),
      feed_(loop, *platform.database),
      board_(std::move(checks)),
      server_(std::move(options), router_, platform.metrics) {
  feed_.on_change([this](const tryon::Session& session) { timeline_.record(session); });
  add_routes(router_,
             all_endpoints({platform, acceptance_, guard, feed_, timeline_, board_,
                            console_sessions_, authenticator_, std::move(provider), sizer}),
             authenticator_);
}

Task<void> ApiRole::run(CancelToken cancel) {
  TaskGroup parts;
  parts.spawn(feed_.run(cancel), "job feed");
  parts.spawn(board_.run(cancel), "health board");
  parts.spawn(keep_timeline(cancel), "timeline");
  co_await parts.join();
}

Task<void> ApiRole::keep_timeline(CancelToken cancel) {
  while (co_await net::sleep_for(kTimelineStep, cancel)) {
    auto depths = co_await platform_.broker->depths();
    if (!depths) continue;
    std::erase_if(*depths, [this](const auto& depth) { return depth.queue != platform_.queue; });
    timeline_.close_step(now(), *depths);
  }
}

}  // namespace selvage::app
