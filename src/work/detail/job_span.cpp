#include "work/detail/job_span.hpp"

namespace selvage::work {

Span start_job_span(const WorkerOptions& options, const JobHandler& handler, const Lease& lease) {
  if (options.tracer == nullptr) return {};
  Span span = start_span(options.tracer, "process " + handler.name(), SpanKind::consumer,
                         handler.trace_parent(lease));
  span.set("messaging.system", "selvage");
  span.set("messaging.operation.type", "process");
  span.set("messaging.destination.name", options.queue);
  span.set("messaging.message.id", lease.ref.task_id);
  span.set("selvage.worker", options.id);
  span.set("selvage.delivery", lease.deliveries);
  span.set("selvage.retries", lease.retries);
  span.set("selvage.queue_wait_ms", std::max<std::int64_t>((now() - lease.due_at).count(), 0));
  return span;
}

void end_job_span(Span& span, const Outcome& outcome) {
  if (!span) return;
  std::string_view ended = "lease_lost";
  if (const auto* done = std::get_if<Done>(&outcome)) {
    ended = done->failure.empty() ? "done" : "failed";
    if (!done->failure.empty()) {
      span.set("error.type", done->failure);
      span.fail(done->failure);
    }
  } else if (const auto* retry = std::get_if<RetryLater>(&outcome)) {
    ended = "retried";
    span.set("selvage.wait_ms", std::int64_t{retry->wait.count()});
    span.fail(retry->reason);
  } else if (const auto* bury = std::get_if<Bury>(&outcome)) {
    ended = "buried";
    span.fail(bury->reason);
  } else if (std::holds_alternative<HandBack>(outcome)) {
    ended = "handed_back";
  }
  span.set("selvage.outcome", ended);
  span.end();
}

}  // namespace selvage::work
