#include "work/leader_lease.hpp"

#include <fmt/format.h>

#include "base/log.hpp"
#include "data/database_time.hpp"

namespace selvage::work {

namespace {

// The token under which `holder` leads from now on; 0 when another does.
Result<std::int64_t> take(data::Transaction& tx, const std::string& office,
                          const std::string& holder, milliseconds duration,
                          std::int64_t stale_token, std::int64_t stale_renewals) {
  const Timestamp time = TRY(data::database_time(tx));
  const auto row = TRY(tx.query_one(
      "INSERT INTO leaders (name, holder, token, renewals, until) VALUES ($1, $2, 1, 0, $3)"
      " ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, token = leaders.token + 1,"
      " renewals = 0, until = excluded.until"
      " WHERE leaders.until <= $4 OR (leaders.token = $5 AND leaders.renewals = $6)"
      " RETURNING token",
      {office, holder, data::sql(time + duration), data::sql(time), stale_token, stale_renewals}));
  return row ? row->integer(0) : 0;
}

Error lost_error(const std::string& office) {
  return {ErrorKind::conflict,
          "leader.lost",
          fmt::format("another process leads {} now", office),
          {},
          nullptr};
}

}  // namespace

Result<std::optional<LeaderRow>> find_leader(data::Transaction& tx, const std::string& office) {
  const auto row = TRY(
      tx.query_one("SELECT holder, token, renewals, until FROM leaders WHERE name = $1", {office}));
  if (!row) return std::nullopt;
  return LeaderRow{.holder = row->text(0),
                   .token = row->integer(1),
                   .renewals = row->integer(2),
                   .until = row->time(3)};
}

LeaderLease::LeaderLease(data::Database& database, std::string office, std::string holder,
                         milliseconds duration)
    : database_(database),
      office_(std::move(office)),
      holder_(std::move(holder)),
      duration_(duration) {}

Task<Result<bool>> LeaderLease::campaign() {
  if (leads()) {
    const auto held = co_await database_.write([this](data::Transaction& tx) { return hold(tx); });
    if (held) co_return true;
    if (held.error().code != "leader.lost") co_return std::unexpected(held.error());
    lost();
  }
  // Reading costs nothing; a follower writes only when the lead seems free.
  struct View {
    std::optional<LeaderRow> row;
    Timestamp time;
  };
  const auto view = CO_TRY(co_await database_.read([this](data::Transaction& tx) -> Result<View> {
    return View{TRY(find_leader(tx, office_)), TRY(data::database_time(tx))};
  }));
  look(view.row);
  if (view.row && view.row->holder == holder_ && view.row->until > view.time) {
    token_ = view.row->token;  // taken by a commit whose answer never came
    co_return true;
  }
  const bool silent = seen_ && steady_now() - seen_->since >= duration_;
  if (view.row && view.row->until > view.time && !silent) co_return false;
  const std::int64_t stale_token = silent ? seen_->token : -1;
  const std::int64_t stale_renewals = silent ? seen_->renewals : -1;
  token_ =
      CO_TRY(co_await database_.write([this, stale_token, stale_renewals](data::Transaction& tx) {
        return take(tx, office_, holder_, duration_, stale_token, stale_renewals);
      }));
  co_return leads();
}

void LeaderLease::look(const std::optional<LeaderRow>& row) {
  if (!row) {
    seen_.reset();
  } else if (!seen_ || seen_->token != row->token || seen_->renewals != row->renewals) {
    seen_ = Sight{row->token, row->renewals, steady_now()};
  }
}

Result<void> LeaderLease::hold(data::Transaction& tx) const {
  const Timestamp time = TRY(data::database_time(tx));
  const auto held = TRY(tx.execute(
      "UPDATE leaders SET until = $1, renewals = renewals + 1 WHERE name = $2 AND token = $3",
      {data::sql(time + duration_), office_, token_.load()}));
  if (held == 1) return {};
  return fail(lost_error(office_));
}

Task<void> LeaderLease::release() {
  if (!leads()) co_return;
  const std::int64_t token = token_.exchange(kNone);
  const auto released =
      co_await database_.write([this, token](data::Transaction& tx) -> Result<void> {
        TRY(tx.execute("UPDATE leaders SET until = 0 WHERE name = $1 AND token = $2",
                       {office_, token}));
        return {};
      });
  if (!released) log::warning("leader_release_failed", released.error(), {{"office", office_}});
}

}  // namespace selvage::work
