// Sessions nobody works on. The queue is asked first, a page at a time; then each session is failed
// in a transaction that checks that it has not moved since.
#include "tryon/cleanup.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.hpp"
#include "tryon/detail/failures.hpp"
#include "tryon/detail/settle.hpp"
#include "tryon/detail/stage_metrics.hpp"

namespace selvage::tryon {
namespace {

constexpr std::size_t kPage = 500;
constexpr std::int64_t kForgotten = 1'000;  // keys of one transaction
constexpr int kMostForgets = 100;           // transactions of one round; the next is a minute away

Result<detail::Settlement> fail_unless_moved(data::Transaction& tx, work::Broker& broker,
                                             const Session& seen, const SessionFailure& failure) {
  const std::optional<Session> current = TRY(hold_session(tx, seen.id));
  detail::Settlement settlement;
  const bool moved = !current || current->updated_at != seen.updated_at ||
                     current->status != seen.status || current->lease_token != seen.lease_token;
  if (moved) return settlement;
  return detail::settle_failed(tx, broker, seen.owner, seen.id, std::nullopt, failure);
}

// The session as it failed; nullopt when it has moved.
Task<Result<std::optional<Session>>> fail_stuck(data::Database& database, work::Broker& broker,
                                                Registry& metrics, Session seen) {
  const SessionFailure failure = detail::make_failure(
      "abandoned", fmt::format("was {} since {}, but no task {} is queued or held by a worker",
                               name(seen.status), to_rfc3339(seen.updated_at), seen.task_id));
  const detail::Settlement settled = CO_TRY(co_await database.write(
      [&](data::Transaction& tx) { return fail_unless_moved(tx, broker, seen, failure); }));
  if (!settled.changed) co_return std::nullopt;
  if (settled.announced) broker.notify();
  detail::count_job(metrics, seen.owner.channel, "failed", failure.code);
  if (settled.refunded) detail::count_refunded(metrics, seen.owner.channel, seen.credits);
  log::warning("stuck_job_failed", {{"session_id", seen.id},
                                    {"request_id", seen.request_id},
                                    {"task_id", seen.task_id},
                                    {"refunded", settled.refunded}});
  co_return settled.session;
}

}  // namespace

Task<Result<std::size_t>> fail_stuck_sessions(data::Database& database, work::Broker& broker,
                                              std::string queue, milliseconds older_than,
                                              Registry& metrics, SessionListener on_change) {
  const Timestamp before = now() - older_than;
  std::size_t failed = 0;
  OpenPosition position;
  while (true) {
    const std::vector<Session> page = CO_TRY(co_await database.read(
        [&](data::Transaction& tx) { return open_sessions(tx, before, kPage, position); }));
    if (page.empty()) co_return failed;
    position = {page.back().updated_at, page.back().id};

    std::vector<std::string> ids;
    ids.reserve(page.size());
    for (const Session& session : page) ids.push_back(session.task_id);
    std::vector<std::string> alive = CO_TRY(co_await broker.alive(queue, std::move(ids)));
    std::ranges::sort(alive);
    for (const Session& session : page) {
      if (std::ranges::binary_search(alive, session.task_id)) continue;
      const std::optional<Session> ended =
          CO_TRY(co_await fail_stuck(database, broker, metrics, session));
      if (!ended) continue;
      ++failed;
      if (on_change) on_change(*ended);
    }
  }
}

Task<Result<std::size_t>> forget_idempotency_keys(data::Database& database,
                                                  milliseconds retention) {
  const Timestamp before = now() - retention;
  std::size_t forgotten = 0;
  for (int i = 0; i < kMostForgets; ++i) {
    // Several workers tidy at once: on PostgreSQL each takes keys that no other is deleting.
    const std::int64_t removed = CO_TRY(co_await database.write([&](data::Transaction& tx) {
      return tx.execute(
          fmt::format("DELETE FROM idempotency_keys WHERE (channel, owner, key) IN (SELECT channel,"
                      " owner, key FROM idempotency_keys WHERE created_at < $1"
                      " ORDER BY created_at LIMIT $2{})",
                      tx.dialect() == data::Dialect::postgres ? " FOR UPDATE SKIP LOCKED" : ""),
          {data::sql(before), kForgotten});
    }));
    forgotten += static_cast<std::size_t>(removed);
    if (removed < kForgotten) break;
  }
  co_return forgotten;
}

}  // namespace selvage::tryon
