#include "work/worker_reporter.hpp"

#include <unistd.h>

#include "base/log.hpp"
#include "work/worker_id.hpp"

namespace selvage::work {

WorkerReporter::WorkerReporter(data::Database& database, const Worker& worker, std::string version)
    : database_(database), worker_(worker), version_(std::move(version)) {}

Task<void> WorkerReporter::run(CancelToken stop, milliseconds interval) {
  do {
    co_await report(row(worker_.status().draining ? "draining" : "running"));
  } while (co_await net::sleep_for(interval, stop));
  co_await report(row("stopped"));
}

WorkerRow WorkerReporter::row(std::string state) const {
  const WorkerStatus status = worker_.status();
  const WorkerOptions& options = worker_.options();
  return {.id = options.id,
          .host = host_name(),
          .pid = getpid(),
          .version = version_,
          .queue = options.queue,
          .concurrency = static_cast<std::int64_t>(options.concurrency),
          .active = static_cast<std::int64_t>(status.active),
          .done = static_cast<std::int64_t>(status.done),
          .failed = static_cast<std::int64_t>(status.failed),
          .state = std::move(state),
          .started_at = started_at_,
          .seen_at = now()};
}

Task<void> WorkerReporter::report(WorkerRow row) {
  const auto written = co_await database_.write(
      [row = std::move(row)](data::Transaction& tx) { return report_worker(tx, row); });
  if (!written) {
    log::warning("worker_report_failed", written.error(), {{"worker", worker_.options().id}});
  }
}

}  // namespace selvage::work
