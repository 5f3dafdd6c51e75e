#include "celery/handler.hpp"

#include <fmt/format.h>

#include <map>

#include "celery/detail/task_run.hpp"

namespace selvage::celery {

namespace {

constexpr std::string_view kUnregistered = "unregistered";

}  // namespace

struct CeleryHandler::Impl {
  // Names come from messages: only those that are registered get counters of their own.
  work::JobMetrics& metrics_of(const std::string& queue, const std::string& task) {
    const std::string_view name =
        parts.functions.find(task) != nullptr ? std::string_view(task) : kUnregistered;
    auto& of_queue = metrics[queue];
    const auto found = of_queue.find(name);
    if (found != of_queue.end()) return found->second;
    return of_queue.try_emplace(std::string(name), parts.metrics, name, queue).first->second;
  }

  std::string celery_name(const std::string& queue) const {
    return queue.starts_with(parts.key_prefix) ? queue.substr(parts.key_prefix.size()) : queue;
  }

  TaskRun make_run(work::JobContext job, Message message) {
    std::string queue = celery_name(job.lease.ref.queue);
    work::JobMetrics& counters = metrics_of(queue, message.task);
    return TaskRun({.functions = parts.functions,
                    .settler = settler,
                    .events = parts.events,
                    .node = parts.node,
                    .metrics = counters,
                    .track_started = parts.track_started},
                   std::move(job), std::move(message), std::move(queue));
  }

  // What cannot be read: its client hears of it if it can be told.
  Task<work::Outcome> refuse(work::JobContext job, Error problem) {
    const SalvagedMessage known = salvage_message(job.lease.payload);
    job.log.error("celery_message_refused", problem, {{"task", known.task}, {"id", known.id}});
    std::string reason = fmt::format("{}: {}", problem.code, problem.message);
    if (!known.id.empty()) {
      reason = fmt::format("{}[{}]: {}", known.task, known.id, reason);
      Message message;
      message.id = known.id;
      message.task = known.task;
      message.delivery_tag = known.id;
      parts.events.rejected(known.id, false);
      TaskRun run = make_run(std::move(job), std::move(message));
      co_await run.give_up(
          {.type = "DecodeError", .message = problem.message, .module = "kombu.exceptions"});
    }
    co_return work::Bury{std::move(reason)};
  }

  HandlerParts parts;
  Settler settler;
  std::map<std::string, std::map<std::string, work::JobMetrics, std::less<>>> metrics{};
};

CeleryHandler::CeleryHandler(HandlerParts parts)
    : impl_(new Impl{parts,
                     Settler(parts.results, parts.routes, parts.node, parts.extended_results)}) {}

CeleryHandler::~CeleryHandler() = default;

TraceContext CeleryHandler::trace_parent(const work::Lease& lease) const {
  const Result<Message> message = parse_message(lease.payload);
  return message ? TraceContext::parse(message->traceparent, message->tracestate) : TraceContext();
}

Task<work::Outcome> CeleryHandler::handle(work::JobContext job) {
  Result<Message> message = parse_message(job.lease.payload);
  if (!message) co_return co_await impl_->refuse(std::move(job), message.error());
  if (job.span != nullptr) {
    job.span->rename("process " + message->task);
    // what the task calls, and what follows it, belongs below this run
    message->traceparent = job.span->context().traceparent();
    message->tracestate = job.span->context().state;
  }
  TaskRun run = impl_->make_run(std::move(job), std::move(*message));
  co_return co_await run.run();
}

Task<void> CeleryHandler::give_up(work::JobContext job, std::string reason) {
  Result<Message> message = parse_message(job.lease.payload);
  if (!message) {
    (void)co_await impl_->refuse(std::move(job), message.error());
    co_return;
  }
  const bool bug = reason.starts_with("bug:");
  TaskRun run = impl_->make_run(std::move(job), std::move(*message));
  co_await run.give_up({.type = bug ? "RuntimeError" : "WorkerLostError",
                        .message = std::move(reason),
                        .module = bug ? "builtins" : "billiard.exceptions"});
}

}  // namespace selvage::celery
