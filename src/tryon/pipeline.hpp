// The generation job: decode -> session processing -> inputs -> shrink -> provider -> store ->
// settle.
//
// A stage whose artefact exists is not repeated: when the result of a session is already stored (a
// crash after the upload), the provider is not called again. A cancellation is noticed before each
// stage and ends the waits and fetches of a stage within kCancelPoll; a provider call that has
// begun goes on, and its picture counts. Settling is one transaction: session terminal, and on
// failure the refund; it checks the fencing token, so a worker that lost its lease changes nothing.
//
// A task that another producer pushed needs no session and no charge beforehand: the commit that
// begins the session makes up for both. An owner who cannot pay gets a failed session
// (insufficient_credits) without charge or refund. A malformed message is buried, and the session
// it names fails with its refund, unless a well-formed task is working on it. A message that
// contradicts the stored session (another owner, a second task at the same time) is buried and
// changes nothing.
#pragma once

#include <functional>
#include <memory>

#include "base/metrics.hpp"
#include "data/object_storage.hpp"
#include "net/blocking_pool.hpp"
#include "net/egress_guard.hpp"
#include "tryon/provider.hpp"
#include "tryon/session.hpp"
#include "work/call_limiter.hpp"
#include "work/handler.hpp"
#include "work/retry_policy.hpp"

namespace selvage::tryon {

// 429 once after 10 s (FR-3.1), and waiting for what is ours and away; every other failure is
// final.
extern const std::span<const work::RetryRule> kGenerationRetries;

// Where the result of a session lies: "results/stores/<store>/<session>.jpg" (b2b),
// "results/users/<user>/<session>.jpg" (b2c).
[[nodiscard]] std::string result_key(const Owner& owner, std::string_view session_id,
                                     std::string_view extension);
[[nodiscard]] std::string inputs_prefix(std::string_view session_id);  // "inputs/<session>/"

// Told of every change of a session that this process makes, after its commit.
using SessionListener = std::function<void(const Session&)>;

struct PipelineParts {
  data::Database& database;
  work::Broker& broker;  // takes the webhooks of jobs that end
  data::ObjectStorage& storage;
  net::EgressGuard& guard;
  Provider& provider;
  work::CallLimiter& limiter;
  net::BlockingPool& image_pool;
  Registry& metrics;
  SessionListener on_change;
};

class GenerationHandler final : public work::JobHandler {
 public:
  explicit GenerationHandler(PipelineParts parts);
  ~GenerationHandler() override;
  Task<work::Outcome> handle(work::JobContext job) override;
  Task<void> give_up(work::JobContext job, std::string reason) override;
  std::string name() const override { return "generate"; }
  // Notices cancellations of running jobs, until stopped; run it beside the worker.
  [[nodiscard]] Task<void> watch_cancellations(CancelToken stop);
  TraceContext trace_parent(const work::Lease& lease) const override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace selvage::tryon
