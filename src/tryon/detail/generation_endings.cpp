// How a run ends: what the engine is told, what is counted, and what is tidied.
#include <fmt/format.h>

#include "tryon/detail/failures.hpp"
#include "tryon/detail/generation_run.hpp"
#include "tryon/detail/object_keys.hpp"
#include "tryon/detail/stage_metrics.hpp"

namespace selvage::tryon::detail {
namespace {

constexpr std::size_t kMaxInputs = 64;  // objects of one session; kMaxGarments + 1 in practice

// Told to stop, but by whom is not said: somebody else may go on at once.
const work::HandBack kHandBack{"drain: the worker is stopping"};

}  // namespace

std::optional<GenerationRun::Ending> GenerationRun::stopped() const {
  if (!job_.stop.cancelled()) {
    if (!cancel_.wanted()) return std::nullopt;
    return make_failure(kCancelledCode, "cancelled while it was worked on");
  }
  const work::StopReason reason = job_.why ? job_.why->reason : work::StopReason::none;
  switch (reason) {
    case work::StopReason::time_limit:
      return make_failure(
          "time_limit", fmt::format("stopped after {}",
                                    to_string(milliseconds(std::chrono::duration_cast<milliseconds>(
                                        steady_now() - started_)))));
    case work::StopReason::lease_lost:
      return work::Outcome(work::LeaseLost{});
    case work::StopReason::drain:
    case work::StopReason::none:
      return work::Outcome(kHandBack);
  }
  SELVAGE_CHECK(false);
}

GenerationRun::Ending GenerationRun::waits_for(const Error& infrastructure) const {
  const std::string why = fmt::format("{}: {}", infrastructure.code, infrastructure.message);
  const std::optional<milliseconds> wait =
      work::RetryPolicy(kGenerationRetries).next_wait("infrastructure", job_.lease.retries);
  if (!wait) return make_failure("infrastructure", why);
  return work::Outcome(work::RetryLater{*wait, why});
}

GenerationRun::Ending GenerationRun::ending_of(const Error& error) const {
  if (is_infrastructure(error)) return waits_for(error);
  return make_failure("internal", fmt::format("{}: {}", error.code, error.describe()));
}

void GenerationRun::changed(const Settlement& settlement) {
  if (!settlement.session) return;
  session_ = *settlement.session;
  if (settlement.announced) parts_.broker.notify();
  if (settlement.refunded) count_refunded(parts_.metrics, session_.owner.channel, session_.credits);
  if (parts_.on_change) parts_.on_change(session_);
}

void GenerationRun::count(const work::Outcome& outcome) const {
  const Channel channel = task_.owner.channel;
  if (const auto* retry = std::get_if<work::RetryLater>(&outcome)) {
    const std::string reason = retry->reason.substr(0, retry->reason.find(':'));
    count_job(parts_.metrics, channel, "retried", reason);
    log_.warning("job_retried", {{"reason", retry->reason}, {"wait_ms", retry->wait.count()}});
  } else if (std::holds_alternative<work::HandBack>(outcome)) {
    count_job(parts_.metrics, channel, "handed_back");
    log_.info("job_handed_back");
  } else if (std::holds_alternative<work::LeaseLost>(outcome)) {
    count_job(parts_.metrics, channel, "lease_lost");
    log_.warning("job_lease_lost");
  } else if (std::holds_alternative<work::Bury>(outcome)) {
    count_job(parts_.metrics, channel, "buried");
  }
}

// A terminal session keeps what belongs to its state: a completed one its result, a failed one its
// inputs (so that it can be repeated until the sweep). Also run when a crash came between the end
// and this, so nothing stays behind.
Task<void> GenerationRun::tidy_after_end() {
  if (session_.status == SessionStatus::completed) co_await remove_inputs();
  if (session_.status == SessionStatus::failed) co_await remove_results();
}

Task<void> GenerationRun::remove_inputs() {
  Result<std::vector<std::string>> keys =
      co_await parts_.storage.list(inputs_prefix(session_.id), kMaxInputs);
  if (!keys) {
    log_.warning("inputs_not_removed", keys.error());  // the sweep will
    co_return;
  }
  for (std::string& key : *keys) {
    const Result<void> removed = co_await parts_.storage.remove(std::move(key));
    if (!removed) log_.warning("inputs_not_removed", removed.error());
  }
}

Task<void> GenerationRun::remove_results() {
  if (session_.attempts == 0) co_return;  // nobody began, so nothing was stored
  for (const std::string_view extension : kResultExtensions) {
    const Result<void> removed =
        co_await parts_.storage.remove(result_key(session_.owner, session_.id, extension));
    if (!removed) log_.warning("result_not_removed", removed.error());
  }
}

}  // namespace selvage::tryon::detail
