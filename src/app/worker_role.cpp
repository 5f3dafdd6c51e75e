#include "app/worker_role.hpp"

#include "app/build_info.hpp"
#include "base/log.hpp"
#include "tryon/cleanup.hpp"
#include "work/settings.hpp"

namespace selvage::app {

namespace {

constexpr milliseconds kTidyStep{60'000};

}  // namespace

Result<std::unique_ptr<WorkerRole>> WorkerRole::create(net::Loop& loop, Platform& platform,
                                                       net::EgressGuard& guard,
                                                       tryon::SessionListener on_change) {
  auto provider = TRY(tryon::make_provider({loop, platform.image_pool, platform.settings}));
  return std::unique_ptr<WorkerRole>(
      new WorkerRole(loop, platform, guard, std::move(provider), std::move(on_change)));
}

WorkerRole::WorkerRole(net::Loop& loop, Platform& platform, net::EgressGuard& guard,
                       std::unique_ptr<tryon::Provider> provider, tryon::SessionListener on_change)
    : platform_(platform),
      provider_(std::move(provider)),
      on_change_(std::move(on_change)),
      limiter_(*platform.database, "provider:" + provider_->name(),
               platform.settings.integer("PROVIDER_CALLS_PER_MINUTE")),
      handler_({*platform.database, *platform.storage, guard, *provider_, limiter_,
                platform.image_pool, platform.metrics, on_change_}),
      worker_(loop, *platform.broker, handler_, work::worker_options(platform.settings),
              platform.metrics),
      reporter_(*platform.database, worker_, std::string(kVersion)),
      queue_metrics_(*platform.broker, platform.metrics, platform.queue) {}

Task<void> WorkerRole::run() {
  beside_.spawn(provider_->check_at_start(), "provider check");
  beside_.spawn(tidy(stop_.token()), "tidy");
  beside_.spawn(reporter_.run(stop_.token()), "worker report");
  beside_.spawn(queue_metrics_.run(stop_.token()), "queue metrics");
  co_await worker_.run();
  stop_.cancel();
  co_await beside_.join();
}

void WorkerRole::drain(milliseconds grace) { worker_.drain(grace); }

Task<void> WorkerRole::tidy(CancelToken cancel) {
  const milliseconds stuck_after = platform_.settings.duration("STUCK_AFTER");
  const milliseconds retention = platform_.settings.duration("INPUT_RETENTION");
  do {
    auto stuck = co_await tryon::fail_stuck_sessions(*platform_.database, *platform_.broker,
                                                     platform_.queue, stuck_after, on_change_);
    if (!stuck) log::warning("cleanup_failed", stuck.error());
    if (stuck && *stuck > 0) log::warning("stuck_sessions_failed", {{"sessions", *stuck}});
    auto swept = co_await tryon::sweep_inputs(*platform_.database, *platform_.storage, retention);
    if (!swept) log::warning("sweep_failed", swept.error());
    if (swept && *swept > 0) log::info("inputs_swept", {{"pictures", *swept}});
  } while (co_await net::sleep_for(kTidyStep, cancel));
}

}  // namespace selvage::app
