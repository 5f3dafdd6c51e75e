// One queue of a node: its worker, and the worker's row in the table `workers`.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/metrics.hpp"
#include "base/task_group.hpp"
#include "data/database.hpp"
#include "work/worker.hpp"
#include "work/worker_reporter.hpp"

namespace selvage::celery {

struct ConsumerParts {
  net::Loop& loop;
  work::Broker& broker;
  data::Database* records = nullptr;
  Registry& metrics;
  std::string version;
};

struct Consumer {
  Consumer(ConsumerParts parts, work::JobHandler& handler, work::WorkerOptions options)
      : worker(parts.loop, parts.broker, handler, std::move(options), parts.metrics) {
    if (parts.records != nullptr) reporter.emplace(*parts.records, worker, parts.version);
  }

  // Until the worker is drained.
  [[nodiscard]] Task<void> run() {
    TaskGroup beside;
    CancelSource stop;
    if (reporter) beside.spawn(reporter->run(stop.token()), "worker report");
    co_await worker.run();
    stop.cancel();
    co_await beside.join();
  }

  work::Worker worker;
  std::optional<work::WorkerReporter> reporter;
  bool ending = false;  // it was cancelled and finishes what runs
};

}  // namespace selvage::celery
