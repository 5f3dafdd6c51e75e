#include "tryon/pipeline.hpp"

#include <fmt/format.h>

#include "tryon/detail/cancel_watch.hpp"
#include "tryon/detail/failures.hpp"
#include "tryon/detail/generation_run.hpp"
#include "tryon/detail/stage_metrics.hpp"

namespace selvage::tryon {
namespace {

constexpr work::RetryRule kRetries[] = {
    {.failure = "rate_limited",
     .max_retries = 1,
     .first_wait = seconds(10),
     .factor = 1.0,
     .max_wait = seconds(10),
     .jitter = 0.0,
     .why = "The provider answered 429 and did not mean its bill: one more try after 10 s, or "
            "after what "
            "Retry-After asks for."},
    {.failure = "call_limit",
     .max_retries = 1000,
     .first_wait = seconds(5),
     .factor = 1.5,
     .max_wait = seconds(60),
     .jitter = 0.3,
     .why = "The job's turn under PROVIDER_CALLS_PER_MINUTE would come after its time limit."},
    {.failure = "infrastructure",
     .max_retries = 1000,
     .first_wait = seconds(5),
     .factor = 1.3,
     .max_wait = seconds(60),
     .jitter = 0.3,
     .why =
         "Database, Redis or storage is away or full: the job waits for it, up to about 16 hours."},
};

void log_and_count_malformed(PipelineParts& parts, const work::JobContext& job,
                             const detail::Settlement& settled, std::string_view problem) {
  log::Context log = job.log;
  log.with("task_id", job.lease.ref.task_id);
  if (settled.session) {
    log.with("session_id", settled.session->id).with("request_id", settled.session->request_id);
  }
  log.error("task_malformed", {{"detail", problem}, {"session_failed", settled.changed}});
  if (settled.changed) {
    const Channel channel = settled.session->owner.channel;
    detail::count_job(parts.metrics, channel, "failed", "malformed_task");
    if (settled.refunded) {
      detail::count_refunded(parts.metrics, channel, settled.session->credits);
    }
    if (parts.on_change) parts.on_change(*settled.session);
  }
}

}  // namespace

const std::span<const work::RetryRule> kGenerationRetries = kRetries;

struct GenerationHandler::Impl {
  explicit Impl(PipelineParts given) : parts(std::move(given)), cancels(parts.database) {}

  PipelineParts parts;
  detail::CancelWatch cancels;

  // The session a message names, whatever is wrong with the rest of it, fails with its refund.
  Task<Result<void>> fail_malformed(const work::JobContext& job, std::string problem) {
    const MalformedTask message = salvage(job.lease.payload);
    const SessionFailure failure = detail::make_failure("malformed_task", problem);
    const detail::Settlement settled =
        CO_TRY(co_await parts.database.write([&](data::Transaction& tx) {
          return detail::settle_malformed(tx, parts.broker, message, job.lease.ref.task_id,
                                          job.lease.ref.token, failure);
        }));
    if (settled.announced) parts.broker.notify();
    log_and_count_malformed(parts, job, settled, problem);
    co_return Result<void>();
  }
};

GenerationHandler::GenerationHandler(PipelineParts parts)
    : impl_(std::make_unique<Impl>(std::move(parts))) {}
GenerationHandler::~GenerationHandler() = default;

TraceContext GenerationHandler::trace_parent(const work::Lease& lease) const {
  const Result<GenerationTask> task = GenerationTask::parse(lease.payload);
  return task ? task->trace : TraceContext();
}

Task<work::Outcome> GenerationHandler::handle(work::JobContext job) {
  Result<GenerationTask> task = GenerationTask::parse(job.lease.payload);
  if (!task) {
    const std::string problem = task.error().message;
    const Result<void> failed = co_await impl_->fail_malformed(job, problem);
    if (failed) co_return work::Bury{fmt::format("task.malformed: {}", problem)};
    job.log.error("task_not_buried", failed.error());
    const std::optional<milliseconds> wait =
        work::RetryPolicy(kGenerationRetries).next_wait("infrastructure", job.lease.retries);
    co_return work::RetryLater{wait.value_or(seconds(60)), failed.error().code};
  }
  detail::GenerationRun run(impl_->parts, impl_->cancels, std::move(job), std::move(*task));
  co_return co_await run.run();
}

[[clang::coro_wrapper]] Task<void> GenerationHandler::watch_cancellations(CancelToken stop) {
  return impl_->cancels.run(std::move(stop));
}

Task<void> GenerationHandler::give_up(work::JobContext job, std::string reason) {
  Result<GenerationTask> task = GenerationTask::parse(job.lease.payload);
  if (!task) {
    const Result<void> failed = co_await impl_->fail_malformed(job, task.error().message);
    if (!failed) job.log.error("task_not_given_up", failed.error());
    co_return;
  }
  detail::GenerationRun run(impl_->parts, impl_->cancels, std::move(job), std::move(*task));
  co_await run.give_up(std::move(reason));
}

}  // namespace selvage::tryon
