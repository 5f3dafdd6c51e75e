// The part of the worker role that delivers webhooks: a worker of its own queue, with an egress
// guard of its own, so that receivers who hang take no place from jobs and their pictures.
#pragma once

#include <memory>

#include "app/platform.hpp"
#include "base/task_group.hpp"
#include "net/egress_guard.hpp"
#include "tryon/webhooks/handler.hpp"
#include "work/worker.hpp"
#include "work/worker_reporter.hpp"

namespace selvage::app {

class WebhookWorker {
 public:
  // nullptr when WEBHOOK_CONCURRENCY is 0. The platform outlives it. Errors: of the settings.
  [[nodiscard]] static Result<std::unique_ptr<WebhookWorker>> create(net::Loop& loop,
                                                                     Platform& platform);
  // Delivers, and queues again what was lost, until drained.
  [[nodiscard]] Task<void> run();
  void drain(milliseconds grace) { worker_.drain(grace); }

 private:
  WebhookWorker(net::Loop& loop, Platform& platform, net::EgressOptions egress,
                work::WorkerOptions options);
  Task<void> tidy(CancelToken cancel);

  Platform& platform_;
  net::EgressGuard guard_;
  tryon::WebhookHandler handler_;
  work::Worker worker_;
  work::WorkerReporter reporter_;
  CancelSource stop_;
  TaskGroup beside_;
};

}  // namespace selvage::app
