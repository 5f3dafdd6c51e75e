// WorkerReporter: keeps a worker's row in the table `workers` fresh, and marks it stopped at the
// end.
#pragma once

#include <string>

#include "data/database.hpp"
#include "work/worker.hpp"
#include "work/worker_registry.hpp"

namespace selvage::work {

class WorkerReporter {
 public:
  // Both must outlive it. `version` is the program's.
  WorkerReporter(data::Database& database, const Worker& worker, std::string version);
  // Writes the row at once and every `interval`, until cancelled; then a last time as stopped: so
  // cancel it after the worker's run() has ended. A database that is away is logged and tried again
  // at the next beat.
  [[nodiscard]] Task<void> run(CancelToken stop, milliseconds interval = kWorkerTimeout / 3);

 private:
  [[nodiscard]] WorkerRow row(std::string state) const;
  [[nodiscard]] Task<void> report(WorkerRow row);

  data::Database& database_;
  const Worker& worker_;
  const std::string version_;
  const Timestamp started_at_ = now();
};

}  // namespace selvage::work
