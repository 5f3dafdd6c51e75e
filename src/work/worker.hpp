// Worker: fetches leases, runs the handler up to `concurrency` at once, extends leases, settles
// outcomes.
//
// Lives on one loop. Nothing is prefetched beyond the free places. The heartbeat extends all held
// leases every third of the lease time; a job whose lease was lost is cancelled at once. A job over
// the time limit is cancelled and the handler's outcome (a failure) stands. Errors of the broker: 5
// s back-off, never a tight loop. drain(): stops fetching at once; running jobs get `grace` to
// finish, then their token is cancelled and what they answer is settled; a second call with zero
// grace hurries. Metrics have the Celery exporter's names:
// celery_task_{received,started,succeeded,failed,retried,rejected}_total{name,hostname,queue_name},
// celery_task_runtime, celery_task_queue_wait_time, celery_worker_up,
// celery_worker_tasks_active{hostname}.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/metrics.hpp"
#include "net/loop.hpp"
#include "work/broker.hpp"
#include "work/handler.hpp"

namespace selvage::work {

struct WorkerOptions {
  std::string id;  // unique over all processes: "host-pid-random"
  std::string queue;
  std::size_t concurrency = 8;
  milliseconds lease_time{12'000};
  milliseconds time_limit{300'000};
  int max_deliveries = 5;          // crashes of the process after which a task is poison
  milliseconds error_wait{5'000};  // back-off after a broker error
  milliseconds poll{1'000};
  Tracer* tracer = nullptr;  // gets a span "process <handler>" for each run; outlives the worker
};

struct WorkerStatus {
  std::size_t concurrency = 0;
  std::size_t active = 0;
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  std::uint64_t retried = 0;
  bool draining = false;
};

class Worker {
 public:
  Worker(net::Loop& loop, Broker& broker, JobHandler& handler, WorkerOptions options,
         Registry& metrics);
  ~Worker();
  // Runs until drained. Awaited once, on the loop.
  [[nodiscard]] Task<void> run();
  // On the loop. Idempotent; a later call may only shorten the grace.
  void drain(milliseconds grace);
  // On the loop. Fewer than run now: those finish, and no new one starts until there is a place.
  void set_concurrency(std::size_t jobs);
  // Any thread.
  [[nodiscard]] WorkerStatus status() const;
  [[nodiscard]] const WorkerOptions& options() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace selvage::work
