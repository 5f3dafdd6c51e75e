#include "celery/detail/task_run.hpp"

#include <fmt/format.h>

#include "celery/detail/python_repr.hpp"
#include "net/loop.hpp"

namespace selvage::celery {

namespace {

constexpr milliseconds kStoreAgain{500};   // after the result could not be stored
constexpr int kMostRefusals = 4;           // then it is given up
constexpr milliseconds kLookAgain{5'000};  // after the result back end could not be asked

// Celery's own exceptions, which its clients know.
Raised time_limit_exceeded(StopCause cause, std::optional<milliseconds> limit) {
  const double allowed = limit ? static_cast<double>(limit->count()) / 1000.0 : 0.0;
  return {.type = cause == StopCause::soft_limit ? "SoftTimeLimitExceeded" : "TimeLimitExceeded",
          .message = fmt::format("{}", allowed),
          .module = "billiard.exceptions",
          .arguments = fmt::format("[{}]", allowed)};
}

// Whether it is back from waiting for its eta, and so was announced before. The queue's clock is
// not ours, hence the tolerance; a mistake costs an event.
bool was_put_off(const Message& message, const work::Lease& lease) {
  if (!message.eta || lease.retries > 0 || lease.due_at <= lease.enqueued_at) return false;
  return std::chrono::abs(lease.due_at - *message.eta) < seconds(2);
}

// What is wrong with the message stays.
bool can_be_stored_later(const Error& error) { return !error.code.starts_with("celery."); }

// Redis is there and says no, as to a key of another type: it hardly passes by itself.
bool is_refused(const Error& error) { return error.code == "redis.reply"; }

}  // namespace

TaskRun::TaskRun(TaskRunParts parts, work::JobContext job, Message message, std::string queue)
    : parts_(parts),
      job_(std::move(job)),
      message_(std::move(message)),
      queue_(std::move(queue)),
      try_{.message = message_, .queue = queue_, .retries = message_.retries + job_.lease.retries},
      active_{.message = message_, .queue = queue_, .started = now(), .retries = try_.retries} {}

Task<work::Outcome> TaskRun::run() {
  const Timestamp time = now();
  if (parts_.node.revoked.contains(message_.id, time)) co_return co_await revoke("revoked");
  if (message_.expires && time > *message_.expires) co_return co_await revoke("expired");
  const bool waited = was_put_off(message_, job_.lease);
  if (!waited) {
    parts_.metrics.received();
    parts_.node.count_received(message_.task);
    parts_.events.received(message_, queue_, try_.retries);
  }
  if (message_.eta && time < *message_.eta) co_return work::HandBack{"eta", *message_.eta};

  const bool crashed_before = job_.lease.deliveries - job_.lease.retries > 1;
  if (crashed_before) {
    const auto settled = co_await parts_.settler.settled_before(try_);
    if (!settled && is_refused(settled.error())) {
      job_.log.error("celery_result_given_up", settled.error(),
                     {{"task", message_.task}, {"id", message_.id}});
      co_return work::Bury{settled.error().message};
    }
    if (!settled) co_return work::HandBack{settled.error().code, now() + kLookAgain};
    if (*settled) co_return work::Done{};
  }
  co_return co_await start();
}

Task<work::Outcome> TaskRun::start() {
  const Function* function = parts_.functions.find(message_.task);
  if (function == nullptr) {
    co_return co_await fail({.type = "NotRegistered",
                             .message = message_.task,
                             .module = "celery.exceptions",
                             .keep = true});
  }
  parts_.metrics.started(now() - job_.lease.due_at);
  parts_.events.started(message_.id);
  if (parts_.track_started) {
    const std::string where =
        fmt::format("{{\"pid\": {}, \"hostname\": \"{}\"}}", parts_.node.pid(), parts_.node.name());
    (void)co_await parts_.settler.note(try_, "STARTED", where, "");
  }
  FunctionResult result = co_await call(*function);
  parts_.metrics.ended();
  work::Outcome outcome = co_await end(std::move(result));
  parts_.node.count_processed();
  parts_.metrics.settled(outcome, std::chrono::duration_cast<milliseconds>(steady_now() - begin_));
  co_return outcome;
}

Task<FunctionResult> TaskRun::call(const Function& function) {
  const TimeLimits allowed = limits();
  Deadline deadline = job_.deadline;
  CancelSource done;
  for (const auto& [limit, cause] : {std::pair(allowed.soft, StopCause::soft_limit),
                                     std::pair(allowed.hard, StopCause::hard_limit)}) {
    if (!limit) continue;
    deadline = deadline.sooner(Deadline::after(*limit));
    timers_.spawn(enforce(*limit, cause, done.token()), "time limit");
  }
  const auto stop_too = job_.stop.on_cancel([this] {
    if (!active_.stop.cancelled()) active_.why->reason = job_.why->reason;
    active_.stop.cancel();
  });
  const NodeState::Running listed(parts_.node, active_);
  std::exception_ptr bug;
  FunctionResult result;
  try {
    result = co_await function(TaskCall{.message = message_,
                                        .job = job_,
                                        .retries = try_.retries,
                                        .deadline = deadline,
                                        .stop = active_.stop.token(),
                                        .why = active_.why,
                                        .progress = *this,
                                        .log = job_.log});
  } catch (...) {  // the timers must end before it goes on to the engine
    bug = std::current_exception();
  }
  done.cancel();
  co_await timers_.join();
  if (bug) {
    parts_.metrics.ended();
    std::rethrow_exception(bug);
  }
  co_return result;
}

Task<void> TaskRun::enforce(milliseconds limit, StopCause cause, CancelToken done) {
  if (co_await net::sleep_for(limit, done)) active_.stop_for(cause);
}

TimeLimits TaskRun::limits() const {
  TimeLimits allowed{.hard = message_.hard_limit, .soft = message_.soft_limit};
  const auto set = parts_.node.limits.find(message_.task);
  if (set == parts_.node.limits.end()) return allowed;
  if (!allowed.hard) allowed.hard = set->second.hard;
  if (!allowed.soft) allowed.soft = set->second.soft;
  return allowed;
}

bool TaskRun::lease_lost() const {
  return job_.stop.cancelled() && job_.why->reason == work::StopReason::lease_lost;
}

Task<work::Outcome> TaskRun::end(FunctionResult result) {
  if (lease_lost()) co_return work::LeaseLost{};
  if (auto* returned = std::get_if<Returned>(&result)) {
    co_return co_await succeed(std::move(returned->value));
  }
  if (auto* later = std::get_if<Again>(&result)) co_return co_await again(std::move(*later));
  if (auto* raised = std::get_if<Raised>(&result)) co_return co_await fail(std::move(*raised));
  co_return co_await stopped();
}

Task<work::Outcome> TaskRun::stopped() {
  switch (active_.cause) {
    case StopCause::revoked:
      co_return co_await revoke("terminated");
    case StopCause::soft_limit:
      co_return co_await fail(time_limit_exceeded(active_.cause, limits().soft));
    case StopCause::hard_limit:
      co_return co_await fail(time_limit_exceeded(active_.cause, limits().hard));
    case StopCause::none:
      break;
  }
  if (job_.stop.cancelled() && job_.why->reason == work::StopReason::time_limit) {
    const auto ran = std::chrono::duration_cast<milliseconds>(steady_now() - begin_);
    co_return co_await fail(time_limit_exceeded(StopCause::hard_limit, ran));
  }
  co_return work::HandBack{"drain: the worker is stopping"};
}

Task<work::Outcome> TaskRun::succeed(std::string value) {
  const auto settled = co_await settle(
      [this, &value] [[clang::coro_wrapper]] () { return parts_.settler.succeed(try_, value); });
  if (!settled) {
    co_return co_await fail({.type = "InvalidTaskError",
                             .message = settled.error().message,
                             .module = "celery.exceptions",
                             .keep = is_refused(settled.error())});
  }
  if (*settled) co_return **settled;
  const double runtime = std::chrono::duration<double>(steady_now() - begin_).count();
  parts_.events.succeeded(message_.id, value, runtime);
  co_return work::Done{};
}

Task<work::Outcome> TaskRun::fail(Raised why) {
  const auto settled = co_await settle(
      [this, &why] [[clang::coro_wrapper]] () { return parts_.settler.fail(try_, why); });
  if (settled && *settled) co_return **settled;
  if (!settled) job_.log.error("celery_failure_not_stored", settled.error());
  const std::string exception = exception_repr(why);
  job_.log.warning("celery_task_failed",
                   {{"task", message_.task}, {"id", message_.id}, {"exception", exception}});
  parts_.events.failed(message_.id, exception, traceback_of(why));
  if (why.keep || !settled) {  // an operator sees the sender's names for it
    co_return work::Bury{
        fmt::format("{}[{}]: {}: {}", message_.task, message_.id, why.type, why.message)};
  }
  co_return work::Done{.failure = why.type};
}

Task<work::Outcome> TaskRun::again(Again later) {
  const std::string exception = exception_json(later.why);
  const std::string traceback = traceback_of(later.why);
  (void)co_await parts_.settler.note(try_, "RETRY", exception, traceback);
  parts_.events.retried(message_.id, exception_repr(later.why), traceback);
  co_return work::RetryLater{later.wait, exception_repr(later.why)};
}

Task<work::Outcome> TaskRun::revoke(std::string reason) {
  const auto settled = co_await settle(
      [this, &reason] [[clang::coro_wrapper]] () { return parts_.settler.revoke(try_, reason); });
  if (settled && *settled) co_return **settled;
  parts_.events.revoked(message_.id, reason == "terminated", reason == "expired");
  parts_.metrics.revoked();
  job_.log.info("celery_task_revoked",
                {{"reason", reason}, {"task", message_.task}, {"id", message_.id}});
  co_return work::Done{};
}

Task<Result<std::optional<work::Outcome>>> TaskRun::settle(
    TaskFunction<Task<Result<void>>()> store) {
  for (int refusals = 0;;) {
    const Result<void> stored = co_await store();
    if (stored) co_return std::optional<work::Outcome>();
    if (!can_be_stored_later(stored.error())) co_return selvage::fail(stored.error());
    if (is_refused(stored.error()) && ++refusals == kMostRefusals) {
      job_.log.error("celery_result_given_up", stored.error(),
                     {{"task", message_.task}, {"id", message_.id}});
      co_return selvage::fail(stored.error());
    }
    job_.log.warning("celery_result_not_stored", stored.error());
    if (lease_lost()) co_return work::LeaseLost{};
    if (job_.stop.cancelled() && job_.why->reason == work::StopReason::drain) {
      co_return work::HandBack{stored.error().code};
    }
    co_await net::sleep_for(kStoreAgain);
  }
}

Task<void> TaskRun::give_up(Raised why) {
  why.keep = true;
  (void)co_await fail(std::move(why));
}

Task<void> TaskRun::report(std::string state, std::string meta) {
  const auto noted = co_await parts_.settler.note(try_, std::move(state), std::move(meta), "");
  if (!noted) job_.log.debug("celery_progress_lost", {{"error", noted.error().message}});
}

}  // namespace selvage::celery
