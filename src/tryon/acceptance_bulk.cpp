// Many jobs of one request. They share transactions, a part of each to itself: a job that is
// refused leaves no trace and disturbs none.
#include <algorithm>

#include "base/id.hpp"
#include "base/text.hpp"
#include "tryon/detail/accepting.hpp"
#include "tryon/detail/job_rules.hpp"
#include "tryon/detail/stage_metrics.hpp"

namespace selvage::tryon {
namespace {

constexpr std::size_t kTogether = 25;  // jobs of one transaction; others want the writer too

struct Entry {
  std::size_t place = 0;  // in the request
  detail::PreparedJob job;
};

Result<detail::PreparedJob> prepare(const net::EgressGuard& guard, const JobRequest& request,
                                    const std::string& queue) {
  TRY(detail::check_job(request));
  TRY(detail::check_urls(guard, request));
  std::string session_id = request.session_id ? to_lower_ascii(*request.session_id) : new_uuid();
  return detail::prepare_job(request, std::move(session_id), now(), queue,
                             {request.idempotency_key, detail::request_hash(request)});
}

// An error of the database itself ends the transaction; all others belong to their job.
Result<std::vector<Result<Accepted>>> accept_some(data::Transaction& tx, work::Broker& broker,
                                                  std::span<const Entry> entries,
                                                  std::int64_t daily_jobs) {
  std::vector<Result<Accepted>> outcomes;
  outcomes.reserve(entries.size());
  for (const Entry& entry : entries) {
    Result<Accepted> outcome =
        tx.attempt([&] { return detail::accept_in(tx, broker, entry.job, daily_jobs); });
    if (!outcome && outcome.error().code == detail::kKeyTaken) {
      outcome = tx.attempt([&] { return detail::accept_in(tx, broker, entry.job, daily_jobs); });
    }
    const bool database_failed = !outcome && outcome.error().kind == ErrorKind::unavailable;
    if (database_failed) return fail(std::move(outcome.error()));
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

}  // namespace

Task<std::vector<Result<Accepted>>> Acceptance::accept_all(
    std::vector<Result<JobRequest>> requests) {
  std::vector<Result<Accepted>> outcomes;
  std::vector<Entry> entries;
  outcomes.reserve(requests.size());
  for (const Result<JobRequest>& request : requests) {
    Result<detail::PreparedJob> job =
        request ? prepare(guard_, *request, queue_)
                : Result<detail::PreparedJob>(std::unexpect, request.error());
    // Every place is filled: with what refuses the job now, or below.
    outcomes.emplace_back(std::unexpect, job ? Error{} : job.error());
    if (job) entries.push_back({outcomes.size() - 1, std::move(*job)});
  }

  bool any = false;
  for (std::size_t from = 0; from < entries.size(); from += kTogether) {
    const std::span<const Entry> some =
        std::span(entries).subspan(from, std::min(kTogether, entries.size() - from));
    const auto made = co_await database_.write(
        [&](data::Transaction& tx) { return accept_some(tx, broker_, some, daily_jobs_); });
    for (std::size_t i = 0; i < some.size(); ++i) {
      Result<Accepted>& outcome = outcomes[some[i].place];
      outcome = made ? (*made)[i] : Result<Accepted>(std::unexpect, made.error());
      if (!outcome || outcome->replayed) continue;
      any = true;
      detail::count_charged(metrics_, outcome->session.owner.channel, outcome->session.credits);
    }
  }
  if (any) broker_.notify();
  co_return outcomes;
}

}  // namespace selvage::tryon
