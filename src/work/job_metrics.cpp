#include "work/job_metrics.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "work/worker_id.hpp"

namespace selvage::work {

namespace {

constexpr std::size_t kMaxClass = 64;

// Seconds, up to half an hour: a queue's backlog is longer than a job.
constexpr double kWaitBuckets[] = {0.05, 0.1, 0.25, 0.5, 1,   2.5, 5,
                                   10,   30,  60,   120, 300, 600, 1800};

double as_seconds(milliseconds time) { return static_cast<double>(time.count()) / 1000.0; }

bool is_class_character(char c) {
  const char lower = to_lower_ascii(c);
  return is_digit(c) || (lower >= 'a' && lower <= 'z') || c == '.' || c == '_';
}

}  // namespace

std::string failure_class(std::string_view reason) {
  const auto end = std::ranges::find_if_not(reason, is_class_character);
  const auto length = static_cast<std::size_t>(end - reason.begin());
  const bool whole = length == reason.size() || reason[length] == ':';
  if (length == 0 || length > kMaxClass || !whole) return "Error";
  return std::string(reason.substr(0, length));
}

JobMetrics::JobMetrics(Registry& registry, std::string_view task, std::string_view queue)
    : registry_(registry),
      labels_{{"name", std::string(task)},
              {"hostname", host_name()},
              {"queue_name", std::string(queue)}},
      up_(registry.gauge("celery_worker_up", "1 while the worker takes or runs tasks",
                         {{"hostname", host_name()}})),
      active_(registry.gauge("celery_worker_tasks_active", "Tasks being run now",
                             {{"hostname", host_name()}})),
      received_(
          registry.counter("celery_task_received_total", "Tasks handed to a worker", labels_)),
      started_(
          registry.counter("celery_task_started_total", "Tasks a handler was called for", labels_)),
      succeeded_(registry.counter("celery_task_succeeded_total", "Tasks that were done", labels_)),
      retried_(
          registry.counter("celery_task_retried_total", "Tasks put back for a later try", labels_)),
      rejected_(registry.counter("celery_task_rejected_total",
                                 "Tasks handed back or lost before they were done", labels_)),
      runtime_(registry.histogram("celery_task_runtime", "Seconds a task that was done had run",
                                  kJobBuckets, labels_)),
      queue_wait_(registry.histogram("celery_task_queue_wait_time",
                                     "Seconds from when a task was due to its start", kWaitBuckets,
                                     labels_)) {}

void JobMetrics::started(milliseconds waited) {
  started_.add();
  active_.add(1);
  queue_wait_.observe(as_seconds(std::max(waited, milliseconds(0))));
}

void JobMetrics::ended() { active_.add(-1); }

void JobMetrics::revoked() {
  registry_
      .counter("celery_task_revoked_total", "Tasks that were revoked or expired before they ended",
               labels_)
      .add();
}

void JobMetrics::settled(const Outcome& outcome, milliseconds runtime) {
  const auto count_failed = [this](std::string_view reason) {
    Labels labels = labels_;
    labels.emplace_back("exception", failure_class(reason));
    registry_.counter("celery_task_failed_total", "Tasks that failed for good", std::move(labels))
        .add();
  };
  if (const auto* done = std::get_if<Done>(&outcome)) {
    if (!done->failure.empty()) return count_failed(done->failure);
    succeeded_.add();
    runtime_.observe(as_seconds(runtime));
  } else if (std::holds_alternative<RetryLater>(outcome)) {
    retried_.add();
  } else if (const auto* bury = std::get_if<Bury>(&outcome)) {
    count_failed(bury->reason);
  } else {
    rejected_.add();
  }
}

}  // namespace selvage::work
