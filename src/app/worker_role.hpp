// The worker role: takes generation tasks and runs them, and Celery's tasks where queues of theirs
// are named; delivers webhooks; sizes bodies as tasks; tidies what crashed processes and finished
// jobs left.
#pragma once

#include <functional>
#include <memory>

#include "app/celery_part.hpp"
#include "app/platform.hpp"
#include "app/sizing_worker.hpp"
#include "app/webhook_worker.hpp"
#include "base/task_group.hpp"
#include "net/egress_guard.hpp"
#include "tryon/pipeline.hpp"
#include "work/queue_metrics.hpp"
#include "work/worker.hpp"
#include "work/worker_reporter.hpp"

namespace selvage::app {

class WorkerRole {
 public:
  // `guard`, the platform and `sizer` (null: SIZING is off) outlive it; `on_change` is told of
  // every session this process changes.
  [[nodiscard]] static Result<std::unique_ptr<WorkerRole>> create(net::Loop& loop,
                                                                  Platform& platform,
                                                                  net::EgressGuard& guard,
                                                                  sizing::Sizer* sizer,
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
  Task<void> tidy_once();

  Platform& platform_;
  std::unique_ptr<tryon::Provider> provider_;
  tryon::SessionListener on_change_;
  work::CallLimiter limiter_;
  tryon::GenerationHandler handler_;
  work::Worker worker_;
  work::WorkerReporter reporter_;
  work::QueueMetrics queue_metrics_;
  std::unique_ptr<CeleryPart> celery_;       // null: no queues of Celery's
  std::unique_ptr<WebhookWorker> webhooks_;  // null: WEBHOOK_CONCURRENCY is 0
  std::unique_ptr<SizingWorker> sizing_;     // null: SIZING is off, or SIZING_CONCURRENCY is 0
  CancelSource stop_;
  TaskGroup workers_beside_;
  TaskGroup beside_;
};

}  // namespace selvage::app
