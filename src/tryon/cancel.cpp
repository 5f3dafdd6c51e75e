#include "tryon/cancel.hpp"

#include <fmt/format.h>

#include "base/log.hpp"
#include "tryon/detail/settle.hpp"
#include "tryon/detail/stage_metrics.hpp"

namespace selvage::tryon {

Task<Result<Session>> cancel_job(data::Database& database, work::Broker& broker, Owner owner,
                                 std::string session_id, Registry* metrics) {
  const detail::Settlement settled = CO_TRY(co_await database.write([&](data::Transaction& tx) {
    return detail::settle_cancelled(tx, broker, owner, session_id);
  }));
  if (!settled.session) {
    co_return fail(ErrorKind::not_found, "job.not_found",
                   fmt::format("there is no job {}", session_id));
  }
  const Session& session = *settled.session;
  if (settled.changed) {
    log::info("job_cancelled", {{"session_id", session.id},
                                {"request_id", session.request_id},
                                {"refunded", settled.refunded}});
    if (settled.announced) broker.notify();
    if (metrics != nullptr) {
      detail::count_job(*metrics, owner.channel, "failed", kCancelledCode);
      if (settled.refunded) detail::count_refunded(*metrics, owner.channel, session.credits);
    }
  }
  if (is_terminal(session.status) && session.error_code != kCancelledCode) {
    co_return fail(ErrorKind::conflict, "job.over",
                   fmt::format("job {} is {}, it cannot be cancelled any more", session.id,
                               name(session.status)));
  }
  co_return session;
}

}  // namespace selvage::tryon
