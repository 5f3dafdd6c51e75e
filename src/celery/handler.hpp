// CeleryHandler: one task, from its lease to its result.
//
// Acks are late: the result, and with it everything that follows the task, is durable before the
// handler answers; the queue is told after that. In between a crash hands the task out again; the
// next worker finds the end of the same delivery and does nothing twice. A task that crashed while
// it ran is run again (functions should be idempotent under the task's id).
//
// A task whose eta is ahead goes back to the queue's durable delayed set. One that expired or was
// revoked ends as REVOKED. What cannot be read, or whose name nobody registered, goes to the dead
// letters, and its client gets a FAILURE.
#pragma once

#include <memory>
#include <string>

#include "base/metrics.hpp"
#include "celery/events.hpp"
#include "celery/function.hpp"
#include "celery/node_state.hpp"
#include "celery/result_store.hpp"
#include "celery/routes.hpp"
#include "work/handler.hpp"

namespace selvage::celery {

struct HandlerParts {
  const Functions& functions;
  ResultStore& results;
  const Routes& routes;
  Events& events;
  NodeState& node;
  Registry& metrics;
  std::string key_prefix{};  // of the broker's queue names; Celery's names are without it
  bool track_started = false;
  bool extended_results = false;
};

// For any number of queues; on the node's loop.
class CeleryHandler final : public work::JobHandler {
 public:
  explicit CeleryHandler(HandlerParts parts);
  ~CeleryHandler() override;
  Task<work::Outcome> handle(work::JobContext job) override;
  Task<void> give_up(work::JobContext job, std::string reason) override;
  std::string name() const override { return "celery"; }
  bool counts_its_tasks() const override { return true; }
  TraceContext trace_parent(const work::Lease& lease) const override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace selvage::celery
