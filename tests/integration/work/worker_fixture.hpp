// Workers on loops of their own, as separate processes would have them.
#pragma once

#include <optional>
#include <thread>

#include "base/log.hpp"
#include "integration/work/queue_fixture.hpp"
#include "support/eventually.hpp"
#include "work/worker.hpp"

namespace selvage::work {

// Job lines would drown a failure's message; tests that read logs capture them.
inline const bool kQuietLogs = (log::configure(log::Level::error, log::Format::json), true);

inline WorkerOptions quick_options(std::size_t concurrency = 4) {
  return {.id = "worker-1",
          .queue = kQueue,
          .concurrency = concurrency,
          .lease_time = seconds(2),  // a loaded disk may take a second for one commit
          .time_limit = seconds(10),
          .max_deliveries = 3,
          .error_wait = milliseconds(100),
          .poll = milliseconds(200)};
}

using testing::eventually;

// A worker on a thread of its own, from construction to stop(). The broker may be shared.
class RunningWorker {
 public:
  RunningWorker(Broker& broker, JobHandler& handler, WorkerOptions options)
      : worker_(loop_, broker, handler, std::move(options), metrics_),
        thread_([this] { loop_.run_until_done(worker_.run()); }) {}
  ~RunningWorker() { stop(); }

  void drain(milliseconds grace) {
    loop_.post([this, grace] { worker_.drain(grace); });
  }
  void set_concurrency(std::size_t jobs) {
    loop_.post([this, jobs] { worker_.set_concurrency(jobs); });
  }
  // Drains and waits for the end.
  void stop(milliseconds grace = milliseconds(0)) {
    if (!thread_.joinable()) return;
    drain(grace);
    thread_.join();
  }
  [[nodiscard]] WorkerStatus status() const { return worker_.status(); }
  [[nodiscard]] Registry& metrics() { return metrics_; }
  [[nodiscard]] Worker& worker() { return worker_; }

 private:
  Registry metrics_;
  net::Loop loop_;
  Worker worker_;
  std::jthread thread_;
};

}  // namespace selvage::work
