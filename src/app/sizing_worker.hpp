// The part of the worker role that sizes bodies as tasks: a worker of its own queue. The models are
// loaded when its first task comes, so that a worker without any pays nothing for them.
#pragma once

#include <memory>

#include "app/platform.hpp"
#include "base/task_group.hpp"
#include "sizing/sizing_handler.hpp"
#include "work/worker.hpp"
#include "work/worker_reporter.hpp"

namespace selvage::app {

class SizingWorker {
 public:
  // nullptr when SIZING_CONCURRENCY is 0. Platform and sizer outlive it.
  [[nodiscard]] static std::unique_ptr<SizingWorker> create(net::Loop& loop, Platform& platform,
                                                            sizing::Sizer& sizer);
  // Works, and forgets answers that are too old, until drained.
  [[nodiscard]] Task<void> run();
  void drain(milliseconds grace) { worker_.drain(grace); }

 private:
  SizingWorker(net::Loop& loop, Platform& platform, sizing::Sizer& sizer,
               work::WorkerOptions options);
  Task<void> tidy(CancelToken cancel);

  Platform& platform_;
  sizing::SizingHandler handler_;
  work::Worker worker_;
  work::WorkerReporter reporter_;
  CancelSource stop_;
  TaskGroup beside_;
};

}  // namespace selvage::app
