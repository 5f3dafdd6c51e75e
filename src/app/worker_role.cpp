#include "app/worker_role.hpp"

#include <unistd.h>

#include <csignal>

#include "app/body_finder.hpp"
#include "app/build_info.hpp"
#include "base/log.hpp"
#include "tryon/cleanup.hpp"
#include "tryon/limits.hpp"
#include "work/settings.hpp"

namespace selvage::app {

namespace {

constexpr milliseconds kTidyStep{60'000};

work::WorkerOptions traced(const Platform& platform) {
  work::WorkerOptions options = work::worker_options(platform.settings);
  options.tracer = platform.traces.get();
  return options;
}

}  // namespace

Result<std::unique_ptr<WorkerRole>> WorkerRole::create(net::Loop& loop, Platform& platform,
                                                       net::EgressGuard& guard,
                                                       sizing::Sizer* sizer,
                                                       tryon::SessionListener on_change) {
  auto provider = TRY(tryon::make_provider(
      {loop, platform.image_pool, platform.settings, body_finder(platform.poses)}));
  std::unique_ptr<WorkerRole> role(
      new WorkerRole(loop, platform, guard, std::move(provider), std::move(on_change)));
  // a Celery worker that is told to shut down ends its process
  role->celery_ =
      TRY(CeleryPart::create(loop, platform, guard, sizer, [] { kill(getpid(), SIGTERM); }));
  role->webhooks_ = TRY(WebhookWorker::create(loop, platform));
  if (sizer != nullptr) role->sizing_ = SizingWorker::create(loop, platform, *sizer);
  return role;
}

WorkerRole::WorkerRole(net::Loop& loop, Platform& platform, net::EgressGuard& guard,
                       std::unique_ptr<tryon::Provider> provider, tryon::SessionListener on_change)
    : platform_(platform),
      provider_(std::move(provider)),
      on_change_(std::move(on_change)),
      limiter_(*platform.turns, "provider:" + provider_->name(),
               platform.settings.integer("PROVIDER_CALLS_PER_MINUTE")),
      handler_({*platform.database, *platform.broker, *platform.storage, guard, *provider_,
                limiter_, platform.image_pool, platform.metrics, on_change_}),
      worker_(loop, *platform.broker, handler_, traced(platform), platform.metrics),
      reporter_(*platform.database, worker_, std::string(kVersion)),
      queue_metrics_(*platform.broker, platform.metrics, platform.queue) {}

Task<void> WorkerRole::run() {
  beside_.spawn(provider_->check_at_start(), "provider check");
  beside_.spawn(tidy(stop_.token()), "tidy");
  beside_.spawn(handler_.watch_cancellations(stop_.token()), "cancellations");
  beside_.spawn(reporter_.run(stop_.token()), "worker report");
  beside_.spawn(queue_metrics_.run(stop_.token()), "queue metrics");
  if (celery_) workers_beside_.spawn(celery_->run(), "celery node");
  if (webhooks_) workers_beside_.spawn(webhooks_->run(), "webhooks");
  if (sizing_) workers_beside_.spawn(sizing_->run(), "sizing");
  co_await worker_.run();
  co_await workers_beside_.join();
  stop_.cancel();
  co_await beside_.join();
}

void WorkerRole::drain(milliseconds grace) {
  worker_.drain(grace);
  if (celery_) celery_->drain(grace);
  if (webhooks_) webhooks_->drain(grace);
  if (sizing_) sizing_->drain(grace);
}

Task<void> WorkerRole::tidy(CancelToken cancel) {
  do {
    co_await tidy_once();
  } while (co_await net::sleep_for(kTidyStep, cancel));
}

Task<void> WorkerRole::tidy_once() {
  const Settings& settings = platform_.settings;
  data::Database& database = *platform_.database;
  auto stuck = co_await tryon::fail_stuck_sessions(database, *platform_.broker, platform_.queue,
                                                   settings.duration("STUCK_AFTER"),
                                                   platform_.metrics, on_change_);
  if (!stuck) log::warning("cleanup_failed", stuck.error());
  if (stuck && *stuck > 0) log::warning("stuck_sessions_failed", {{"sessions", *stuck}});
  auto swept = co_await tryon::sweep_inputs(database, *platform_.storage,
                                            settings.duration("INPUT_RETENTION"));
  if (!swept) log::warning("sweep_failed", swept.error());
  if (swept && *swept > 0) log::info("inputs_swept", {{"pictures", *swept}});
  auto keys =
      co_await tryon::forget_idempotency_keys(database, settings.duration("IDEMPOTENCY_RETENTION"));
  if (!keys) log::warning("idempotency_keys_not_swept", keys.error());
  auto days = co_await database.write(
      [](data::Transaction& tx) { return tryon::forget_daily_counts(tx, now()); });
  if (!days) log::warning("daily_counts_not_swept", days.error());
}

}  // namespace selvage::app
