#include "app/sizing_worker.hpp"

#include "app/build_info.hpp"
#include "base/log.hpp"
#include "sizing/estimate_table.hpp"
#include "sizing/sizing_task.hpp"
#include "work/settings.hpp"

namespace selvage::app {

namespace {

constexpr milliseconds kTidyStep{60'000};
// Beside the time a photo may take: for the database.
constexpr milliseconds kAroundPhoto{20'000};

}  // namespace

std::unique_ptr<SizingWorker> SizingWorker::create(net::Loop& loop, Platform& platform,
                                                   sizing::Sizer& sizer) {
  const auto places = static_cast<std::size_t>(platform.settings.integer("SIZING_CONCURRENCY"));
  if (places == 0) return nullptr;
  work::WorkerOptions options = work::worker_options(platform.settings);
  options.queue = sizing::kSizingQueue;
  options.concurrency = places;
  options.tracer = platform.traces.get();
  options.time_limit = platform.settings.duration("SIZING_TIMEOUT") + kAroundPhoto;
  return std::unique_ptr<SizingWorker>(new SizingWorker(loop, platform, sizer, std::move(options)));
}

SizingWorker::SizingWorker(net::Loop& loop, Platform& platform, sizing::Sizer& sizer,
                           work::WorkerOptions options)
    : platform_(platform),
      handler_(sizer, *platform.database),
      worker_(loop, *platform.broker, handler_, std::move(options), platform.metrics),
      reporter_(*platform.database, worker_, std::string(kVersion)) {}

Task<void> SizingWorker::run() {
  beside_.spawn(reporter_.run(stop_.token()), "sizing worker report");
  beside_.spawn(tidy(stop_.token()), "sizing tidy");
  co_await worker_.run();
  stop_.cancel();
  co_await beside_.join();
}

Task<void> SizingWorker::tidy(CancelToken cancel) {
  const milliseconds retention = platform_.settings.duration("SIZING_RETENTION");
  do {
    const Timestamp oldest = now() - retention;
    const auto forgotten = co_await platform_.database->write(
        [oldest](data::Transaction& tx) { return sizing::forget_estimates(tx, oldest); });
    if (!forgotten) log::warning("size_estimates_not_swept", forgotten.error());
  } while (co_await net::sleep_for(kTidyStep, cancel));
}

}  // namespace selvage::app
