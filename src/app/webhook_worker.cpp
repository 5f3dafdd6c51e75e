#include "app/webhook_worker.hpp"

#include "app/build_info.hpp"
#include "base/log.hpp"
#include "work/settings.hpp"

namespace selvage::app {

namespace {

constexpr milliseconds kTidyStep{60'000};
// A delivery this late is in no queue, or its worker is about to be found dead.
constexpr milliseconds kOverdue{120'000};
// Beside the time one attempt may take: for the database and the storage.
constexpr milliseconds kAroundAttempt{20'000};

tryon::WebhookOptions webhook_options(const Settings& settings) {
  return {.base_url = settings.text("PUBLIC_BASE_URL"),
          .result_lifetime =
              std::chrono::duration_cast<seconds>(settings.duration("RESULT_URL_LIFETIME")),
          .timeout = settings.duration("WEBHOOK_TIMEOUT"),
          .first_wait = settings.duration("WEBHOOK_FIRST_RETRY")};
}

}  // namespace

Result<std::unique_ptr<WebhookWorker>> WebhookWorker::create(net::Loop& loop, Platform& platform) {
  const auto places = static_cast<std::size_t>(platform.settings.integer("WEBHOOK_CONCURRENCY"));
  if (places == 0) return nullptr;
  net::EgressOptions egress = TRY(net::egress_options(platform.settings));
  egress.concurrent = places;
  egress.total_time = platform.settings.duration("WEBHOOK_TIMEOUT");
  work::WorkerOptions options = work::worker_options(platform.settings);
  options.queue = tryon::kWebhookQueue;
  options.concurrency = places;
  options.tracer = platform.traces.get();
  options.time_limit = egress.total_time + kAroundAttempt;
  return std::unique_ptr<WebhookWorker>(
      new WebhookWorker(loop, platform, std::move(egress), std::move(options)));
}

WebhookWorker::WebhookWorker(net::Loop& loop, Platform& platform, net::EgressOptions egress,
                             work::WorkerOptions options)
    : platform_(platform),
      guard_(loop, std::move(egress)),
      handler_({*platform.database, *platform.storage, guard_, platform.metrics},
               webhook_options(platform.settings)),
      worker_(loop, *platform.broker, handler_, std::move(options), platform.metrics),
      reporter_(*platform.database, worker_, std::string(kVersion)) {}

Task<void> WebhookWorker::run() {
  beside_.spawn(reporter_.run(stop_.token()), "webhook worker report");
  beside_.spawn(tidy(stop_.token()), "webhook tidy");
  co_await worker_.run();
  stop_.cancel();
  co_await beside_.join();
}

Task<void> WebhookWorker::tidy(CancelToken cancel) {
  const milliseconds retention = platform_.settings.duration("WEBHOOK_RETENTION");
  do {
    auto queued =
        co_await tryon::requeue_deliveries(*platform_.database, *platform_.broker, kOverdue);
    if (!queued) log::warning("webhooks_not_requeued", queued.error());
    if (queued && *queued > 0) log::warning("webhooks_requeued", {{"deliveries", *queued}});
    auto forgotten = co_await tryon::forget_deliveries(*platform_.database, retention);
    if (!forgotten) log::warning("webhooks_not_swept", forgotten.error());
  } while (co_await net::sleep_for(kTidyStep, cancel));
}

}  // namespace selvage::app
