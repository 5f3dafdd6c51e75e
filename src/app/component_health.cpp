#include "app/component_health.hpp"

#include "app/beat_role.hpp"
#include "data/readiness.hpp"
#include "work/worker_registry.hpp"

namespace selvage::app {

namespace {

// Each check is a request that a storage service may charge for.
constexpr milliseconds kRemoteStorageStep{10'000};
constexpr milliseconds kWarmingUp{2'000};
constexpr milliseconds kWarmingStep{20};

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

}  // namespace

Result<std::vector<HealthCheck>> component_checks(Platform& platform, Roles roles,
                                                  const sizing::Sizer* sizer) {
  std::vector<HealthCheck> checks;
  checks.push_back({"database", true,
                    [&platform] [[clang::coro_wrapper]] () { return platform.database->ping(); }});
  if (roles.api || roles.worker) {
    checks.push_back({"storage", true,
                      [&platform] [[clang::coro_wrapper]] () { return platform.storage->ping(); },
                      platform.local_storage ? kHealthStep : kRemoteStorageStep});
  }
  checks.push_back(
      {"queue", true, [&platform] [[clang::coro_wrapper]] () { return platform.broker->ping(); }});
  if (roles.api) {
    checks.push_back({"workers", true, [&platform] [[clang::coro_wrapper]] () {
                        return check_workers(*platform.database);
                      }});
  }
  if (roles.api || roles.beat) checks.push_back(schedule_health(*platform.database));
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

net::Response health_response(const HealthBoard& board) {
  return net::Response::json(200, board.health().body);
}

net::Response ready_response(const HealthBoard& board) {
  HealthBoard::View view = board.ready();
  return net::Response::json(view.ok ? 200 : 503, std::move(view.body));
}

net::Response metrics_response(Registry& metrics) {
  return net::Response::text(200, metrics.exposition(), "text/plain; version=0.0.4; charset=utf-8");
}

}  // namespace selvage::app
