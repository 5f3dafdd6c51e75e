// What runs a job: a handler gets a lease and says how it ended. It must make its own result
// durable BEFORE it returns (acks late): a crash in between means the task is handed out again, and
// the handler must then find its own finished work and return Done.
#pragma once

#include <string>
#include <variant>

#include "base/cancel.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/task.hpp"
#include "base/trace.hpp"
#include "work/broker.hpp"

namespace selvage::work {

enum class StopReason { none, time_limit, lease_lost, drain };

// Why a running job was told to stop. Read after its token is cancelled.
struct StopState {
  StopReason reason = StopReason::none;
};

struct JobContext {
  Lease lease;
  CancelToken stop;  // time limit, lost lease or the end of the drain's grace
  std::shared_ptr<const StopState>
      why;               // shared with the engine, which writes it before cancelling
  Deadline deadline;     // the task time limit
  log::Context log;      // task_id, worker; trace_id when it is traced
  Span* span = nullptr;  // of this run, which outlives handle(); null: it is not traced
};

struct Done {  // nothing is left to do for this task
  std::string
      failure{};  // not empty: the class of a failure that the handler has made durable itself
};
struct RetryLater {  // the engine puts the task back to run after `wait`
  milliseconds wait;
  std::string reason;
};
struct Bury {  // to the dead letters
  std::string reason;
};
struct HandBack {  // not for us now, and not counted against it: the drain stopped it, it is early
  std::string reason;
  Timestamp not_before{};  // when somebody may take it; what has passed: at once
};
struct LeaseLost {};  // nothing to say: it is no longer ours
using Outcome = std::variant<Done, RetryLater, Bury, HandBack, LeaseLost>;

class JobHandler {
 public:
  virtual ~JobHandler() = default;
  [[nodiscard]] virtual Task<Outcome> handle(JobContext job) = 0;
  // The name under which metrics and Celery-style events know the task.
  [[nodiscard]] virtual std::string name() const = 0;
  // The trace that the task's producer named in its message; asked only when traces are on.
  [[nodiscard]] virtual TraceContext trace_parent(const Lease&) const { return {}; }
  // True for a handler of many kinds of task, which gives each its own JobMetrics.
  [[nodiscard]] virtual bool counts_its_tasks() const { return false; }
  // Called instead of handle() for a task handed out more than the crash limit (poison); makes the
  // failure durable in the handler's own records. The engine buries the task afterwards.
  [[nodiscard]] virtual Task<void> give_up(JobContext job, std::string reason) = 0;
};

}  // namespace selvage::work
