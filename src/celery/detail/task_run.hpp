// One delivery of one task.
#pragma once

#include <optional>
#include <string>

#include "base/task_group.hpp"
#include "celery/detail/settler.hpp"
#include "celery/events.hpp"
#include "celery/function.hpp"
#include "celery/node_state.hpp"
#include "work/handler.hpp"
#include "work/job_metrics.hpp"

namespace selvage::celery {

struct TaskRunParts {
  const Functions& functions;
  Settler& settler;
  Events& events;
  NodeState& node;
  work::JobMetrics& metrics;
  bool track_started = false;
};

class TaskRun final : public ProgressReport {
 public:
  // `queue` is Celery's name of it.
  TaskRun(TaskRunParts parts, work::JobContext job, Message message, std::string queue);

  [[nodiscard]] Task<work::Outcome> run();
  // The task ends as a failure without being run. Nothing when another worker has it by now.
  [[nodiscard]] Task<void> give_up(Raised why);
  [[nodiscard]] Task<void> report(std::string state, std::string meta) override;

 private:
  [[nodiscard]] Task<work::Outcome> start();
  [[nodiscard]] Task<FunctionResult> call(const Function& function);
  [[nodiscard]] Task<work::Outcome> end(FunctionResult result);
  [[nodiscard]] Task<work::Outcome> stopped();
  [[nodiscard]] Task<work::Outcome> succeed(std::string value);
  [[nodiscard]] Task<work::Outcome> fail(Raised why);
  [[nodiscard]] Task<work::Outcome> again(Again later);
  [[nodiscard]] Task<work::Outcome> revoke(std::string reason);
  // Repeats what stores the end until it is stored. An outcome: it is not ours to store any more.
  // Errors: of what cannot be stored at all, or is refused by Redis again and again.
  [[nodiscard]] Task<Result<std::optional<work::Outcome>>> settle(
      TaskFunction<Task<Result<void>>()> store);
  [[nodiscard]] Task<void> enforce(milliseconds limit, StopCause cause, CancelToken done);
  [[nodiscard]] TimeLimits limits() const;
  [[nodiscard]] bool lease_lost() const;

  TaskRunParts parts_;
  const work::JobContext job_;
  const Message message_;
  const std::string queue_;
  const Try try_;
  ActiveTask active_;
  SteadyTime begin_ = steady_now();
  TaskGroup timers_;
};

}  // namespace selvage::celery
