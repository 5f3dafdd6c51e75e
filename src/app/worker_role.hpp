// The worker role: takes generation tasks and runs them; tidies what crashed processes and finished
// jobs left.
#pragma once

#include <functional>
#include <memory>

#include "app/platform.hpp"
#include "base/task_group.hpp"
#include "net/egress_guard.hpp"
#include "tryon/pipeline.hpp"
#include "work/queue_metrics.hpp"
#include "work/worker.hpp"
#include "work/worker_reporter.hpp"

namespace selvage::app {

class WorkerRole {
 public:
  // `guard` and the platform outlive it; `on_change` is told of every session this process changes.
  [[nodiscard]] static Result<std::unique_ptr<WorkerRole>> create(net::Loop& loop,
                                                                  Platform& platform,
                                                                  net::EgressGuard& guard,
                                                                  tryon::SessionListener on_change);
  // Cleans up after crashes, then works until drained.
  [[nodiscard]] Task<void> run();
  // Stops taking; running jobs get `grace`, then hand back. Again with less to hurry.
  void drain(milliseconds grace);
  [[nodiscard]] std::string provider_name() const { return provider_->name(); }

 private:
  WorkerRole(net::Loop& loop, Platform& platform, net::EgressGuard& guard,
             std::unique_ptr<tryon::Provider> provider, tryon::SessionListener on_change);
  Task<void> tidy(CancelToken cancel);

  Platform& platform_;
  std::unique_ptr<tryon::Provider> provider_;
  tryon::SessionListener on_change_;
  work::CallLimiter limiter_;
  tryon::GenerationHandler handler_;
  work::Worker worker_;
  work::WorkerReporter reporter_;
  work::QueueMetrics queue_metrics_;
  CancelSource stop_;
  TaskGroup beside_;
};

}  // namespace selvage::app
