// The span of one run of a task, by OpenTelemetry's conventions for messaging.
#pragma once

#include "base/trace.hpp"
#include "work/handler.hpp"
#include "work/worker.hpp"

namespace selvage::work {

// A child of what the task's producer did. Of no trace when the options have no tracer.
[[nodiscard]] Span start_job_span(const WorkerOptions& options, const JobHandler& handler,
                                  const Lease& lease);
void end_job_span(Span& span, const Outcome& outcome);

}  // namespace selvage::work
