#include "sizing/sizing_handler.hpp"

#include "sizing/estimate_table.hpp"
#include "sizing/sizing_task.hpp"
#include "work/retry_policy.hpp"

namespace selvage::sizing {
namespace {

constexpr milliseconds kDatabaseWait{5'000};
constexpr milliseconds kModelsWait{30'000};

constexpr work::RetryRule kRules[] = {
    {.failure = "fetch",
     .max_retries = kFetchRetries,
     .first_wait = seconds(5),
     .factor = 3.0,
     .max_wait = seconds(300),
     .jitter = 0.2,
     .why = "The photo's host is away or slow: it is asked again for about ten minutes."}};

// When to look again at a task that has not come to an end.
std::optional<work::Outcome> not_ended(const Error& error, const work::JobContext& job) {
  if (job.stop.cancelled()) {
    const work::StopReason why = job.why ? job.why->reason : work::StopReason::none;
    if (why == work::StopReason::lease_lost) return work::LeaseLost{};
    if (why == work::StopReason::drain) return work::HandBack{"drain: the worker is stopping"};
  }
  if (error.code == "sizing.busy" || error.code == "sizing.owner_busy") {
    return work::HandBack{"busy: " + error.code, now() + seconds(1)};
  }
  if (error.code == "sizing.unavailable") return work::RetryLater{kModelsWait, error.code};
  if (error.code.starts_with("db.")) return work::RetryLater{kDatabaseWait, error.code};
  if (error.kind != ErrorKind::unavailable && error.kind != ErrorKind::timeout) return std::nullopt;
  const auto wait = work::RetryPolicy(kRules).next_wait("fetch", job.lease.retries);
  if (wait) return work::RetryLater{*wait, error.code};
  return std::nullopt;
}

}  // namespace

Task<work::Outcome> SizingHandler::handle(work::JobContext job) {
  auto task = SizingTask::parse(job.lease.payload);
  if (!task) co_return co_await bury(std::move(job), task.error());
  const std::string id = job.lease.ref.task_id;
  const std::string owner = task->owner();
  Span begin = child_of(job.span, "begin");
  // Those who push to the queue themselves have written no row.
  const auto known = co_await database_.write([&](data::Transaction& tx) -> Result<bool> {
    TRY(begin_estimate(tx, id, owner));
    const auto estimate = TRY(find_estimate(tx, id));
    return estimate && !estimate->finished_at && estimate->owner == owner;
  });
  if (!known) co_return work::RetryLater{kDatabaseWait, known.error().code};
  begin.end();
  if (!*known) co_return work::Done{};
  SizeQuestion question{
      .request = std::move(task->request), .owner = owner, .cancel = job.stop, .span = job.span};
  Result<std::string> answer = co_await sizer_.answer(std::move(question));
  if (!answer) {
    if (auto outcome = not_ended(answer.error(), job)) co_return std::move(*outcome);
  }
  co_return co_await keep(std::move(job), std::move(answer));
}

TraceContext SizingHandler::trace_parent(const work::Lease& lease) const {
  const auto task = SizingTask::parse(lease.payload);
  return task ? task->trace : TraceContext();
}

Task<work::Outcome> SizingHandler::bury(work::JobContext job, Error why) {
  const std::string id = job.lease.ref.task_id;
  if (const auto owner = SizingTask::salvage_owner(job.lease.payload)) {
    const auto told = co_await database_.write([&](data::Transaction& tx) -> Result<bool> {
      TRY(begin_estimate(tx, id, *owner));
      const auto estimate = TRY(find_estimate(tx, id));
      if (!estimate || estimate->owner != *owner) return false;
      return finish_estimate(tx, id, fail(why));
    });
    if (!told) co_return work::RetryLater{kDatabaseWait, told.error().code};
  }
  co_return work::Bury{"task.malformed: " + why.message};
}

Task<work::Outcome> SizingHandler::keep(work::JobContext job, Result<std::string> answer) {
  const std::string id = job.lease.ref.task_id;
  const Span settle = child_of(job.span, "settle");
  const auto kept = co_await database_.write(
      [&](data::Transaction& tx) { return finish_estimate(tx, id, answer); });
  if (!kept) co_return work::RetryLater{kDatabaseWait, kept.error().code};
  job.log.info("size_estimated",
               {{"estimate_id", id}, {"outcome", answer ? "sized" : answer.error().code}});
  co_return work::Done{answer ? std::string() : answer.error().code};
}

Task<void> SizingHandler::give_up(work::JobContext job, std::string reason) {
  const Result<std::string> answer = fail(ErrorKind::internal, "sizing.given_up", std::move(reason),
                                          "send it again; report it when it happens again");
  const auto kept = co_await database_.write(
      [&](data::Transaction& tx) { return finish_estimate(tx, job.lease.ref.task_id, answer); });
  if (!kept) job.log.error("size_estimate_not_given_up", kept.error());
}

}  // namespace selvage::sizing
