#include "app/celery_generate.hpp"

#include <boost/json.hpp>

#include "app/http/job_json.hpp"
#include "base/json.hpp"
#include "net/loop.hpp"
#include "tryon/generation_task.hpp"
#include "tryon/session.hpp"

namespace selvage::app {

namespace {

using celery::Again;
using celery::FunctionResult;
using celery::Raised;
using celery::Stopped;
using celery::TaskCall;

constexpr milliseconds kFirstLook{100};
constexpr milliseconds kLastLook{1'000};
constexpr milliseconds kAskQueue{
    10'000};  // how often the queue is asked about a job without session
constexpr milliseconds kTryAgain{5'000};

Raised failed_with(std::string_view code, std::string_view message, bool keep = false) {
  return {.type = "GenerationFailed",
          .message = std::string(message),
          .module = "selvage",
          .arguments = json::dump(json::array{code, message}),
          .keep = keep};
}

// What the caller left out is filled in; the task's id is the Celery task's, so that a second
// delivery means the same job.
Result<tryon::GenerationTask> task_of(const TaskCall& call) {
  json::value kwargs = TRY(json::parse(call.message.kwargs));
  json::object& members = kwargs.get_object();
  const boost::json::string id(call.id());
  const auto fill = [&members](std::string_view name, json::value v) {
    if (!members.contains(name)) members.emplace(name, std::move(v));
  };
  fill("version", 1);
  fill("session_id", id);
  fill("request_id", id);
  fill("created_at", boost::json::string(to_rfc3339(now())));
  members["task_id"] = id;
  if (!call.message.traceparent.empty())
    fill("traceparent", boost::json::string(call.message.traceparent));
  if (!call.message.tracestate.empty())
    fill("tracestate", boost::json::string(call.message.tracestate));
  return tryon::GenerationTask::parse(json::dump(kwargs));
}

Task<Result<void>> enqueue(GenerateParts parts, tryon::GenerationTask task) {
  const work::NewTask job{.id = task.task_id,
                          .queue = parts.queue,
                          .payload = task.to_json(),
                          .fair_key = tryon::owner_key(task.owner)};
  const auto added = co_await parts.database.write(
      [&](data::Transaction& tx) { return parts.broker.enqueue(tx, {&job, 1}); });
  if (!added && added.error().code != "queue.duplicate") co_return added;
  parts.broker.notify();
  co_return Result<void>();
}

// Why a job without a session will never have one; empty while it may.
Task<std::string> refused_because(GenerateParts parts, std::string task_id) {
  const auto task = co_await parts.broker.find(parts.queue, std::move(task_id));
  if (!task || !*task || (*task)->state != "dead") co_return "";
  co_return (*task)->reason.empty() ? std::string("refused") : (*task)->reason;
}

Task<FunctionResult> result_of(GenerateParts parts, tryon::Session session) {
  if (session.status == tryon::SessionStatus::failed) {
    co_return failed_with(session.error_code.value_or("unknown"),
                          session.error_message.value_or(""));
  }
  const json::value shown = co_await job_json({parts.storage, parts.url_lifetime, false}, session);
  co_return celery::Returned{json::dump(shown)};
}

// The worker's own limit is on running, and this only waits: it waits again later.
FunctionResult stopped(const TaskCall& call) {
  if (call.job.stop.cancelled() && call.job.why->reason == work::StopReason::time_limit) {
    return Again{seconds(1), failed_with("waiting", "the job has not ended yet")};
  }
  return Stopped{};
}

Task<FunctionResult> generate(GenerateParts parts, TaskCall call) {
  const auto task = task_of(call);
  if (!task) co_return Raised{"ValueError", task.error().message};
  bool queued = false;
  milliseconds pause = kFirstLook;
  SteadyTime ask_queue_at = steady_now() + kAskQueue;
  while (true) {
    auto session = co_await parts.database.read(
        [&](data::Transaction& tx) { return tryon::find_session(tx, task->session_id); });
    if (!session) {
      co_return Again{kTryAgain, failed_with(session.error().code, session.error().message)};
    }
    if (*session && (*session)->owner != task->owner) {
      co_return failed_with("foreign", "the session belongs to another owner");
    }
    if (*session && tryon::is_terminal((*session)->status)) {
      co_return co_await result_of(parts, std::move(**session));
    }
    if (!queued) {
      const auto added = co_await enqueue(parts, *task);
      if (!added) {
        co_return Again{kTryAgain, failed_with(added.error().code, added.error().message)};
      }
      queued = true;
    }
    if (!*session && steady_now() > ask_queue_at) {
      ask_queue_at = steady_now() + kAskQueue;
      const std::string why = co_await refused_because(parts, task->task_id);
      if (!why.empty()) co_return failed_with("refused", why);
    }
    if (!co_await net::sleep_for(pause, call.stop)) co_return stopped(call);
    pause = std::min(pause * 3 / 2, kLastLook);
  }
}

}  // namespace

celery::Function generate_function(GenerateParts parts) {
  return [parts = std::move(parts)] [[clang::coro_wrapper]] (TaskCall call) {
    return generate(parts, std::move(call));
  };
}

}  // namespace selvage::app
