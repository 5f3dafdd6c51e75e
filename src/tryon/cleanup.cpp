// Sessions nobody works on. The queue is asked first, a page at a time; then each session is failed
// in a transaction that checks that it has not moved since.
#include "tryon/cleanup.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.hpp"
#include "tryon/detail/failures.hpp"
#include "tryon/detail/settle.hpp"

namespace selvage::tryon {
namespace {

constexpr std::size_t kPage = 500;

Result<detail::Settlement> fail_unless_moved(data::Transaction& tx, const Session& seen,
                                             const SessionFailure& failure) {
  const std::optional<Session> current = TRY(find_session(tx, seen.owner.channel, seen.id));
  detail::Settlement settlement;
  const bool moved = !current || current->updated_at != seen.updated_at ||
                     current->status != seen.status || current->lease_token != seen.lease_token;
  if (moved) return settlement;
  return detail::settle_failed(tx, seen.owner, seen.id, std::nullopt, failure);
}

Task<Result<bool>> fail_stuck(data::Database& database, Session seen, SessionListener on_change) {
  const SessionFailure failure = detail::make_failure(
      "abandoned", fmt::format("was {} since {}, but no task {} is queued or held by a worker",
                               name(seen.status), to_rfc3339(seen.updated_at), seen.task_id));
  const detail::Settlement settled = CO_TRY(co_await database.write(
      [&](data::Transaction& tx) { return fail_unless_moved(tx, seen, failure); }));
  if (!settled.changed) co_return false;
  log::warning("stuck_job_failed", {{"session_id", seen.id},
                                    {"request_id", seen.request_id},
                                    {"task_id", seen.task_id},
                                    {"refunded", settled.refunded}});
  if (on_change) on_change(*settled.session);
  co_return true;
}

}  // namespace

Task<Result<std::size_t>> fail_stuck_sessions(data::Database& database, work::Broker& broker,
                                              std::string queue, milliseconds older_than,
                                              SessionListener on_change) {
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
      failed += CO_TRY(co_await fail_stuck(database, session, on_change)) ? 1 : 0;
    }
  }
}

}  // namespace selvage::tryon
