#include "tryon/limits.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tryon/detail/session_rows.hpp"

namespace selvage::tryon {
namespace {

constexpr std::int64_t kMaxDailyJobs = 1'000'000'000;
constexpr std::int64_t kMaxListed = 10'000;

std::int64_t day_of(Timestamp time) {
  return std::chrono::floor<std::chrono::days>(time).time_since_epoch().count();
}

Timestamp start_of(std::int64_t day) { return Timestamp(std::chrono::days(day)); }

data::Params owner_params(const Owner& owner) {
  return {std::string(name(owner.channel)), owner.id};
}

Result<std::int64_t> limit_of(data::Transaction& tx, const Owner& owner, std::int64_t fallback) {
  const std::optional<data::Row> row =
      TRY(tx.query_one("SELECT daily_jobs FROM owner_limits WHERE channel = $1 AND owner = $2",
                       owner_params(owner)));
  return row ? row->integer(0) : fallback;
}

// The first job that is counted today brings today's earlier ones with it.
Result<bool> begin_day(data::Transaction& tx, const Owner& owner, std::int64_t day,
                       std::int64_t limit) {
  const detail::SessionTable table = detail::table_of(owner.channel);
  const std::int64_t counted = TRY(tx.execute(
      fmt::format(
          "INSERT INTO owner_days (channel, owner, day, jobs) SELECT CAST($1 AS TEXT), "
          "CAST($2 AS TEXT), CAST($3 AS BIGINT), earlier.jobs + 1 FROM (SELECT COUNT(*) AS jobs "
          "FROM {} WHERE {} = $2 AND created_at >= $4) AS earlier WHERE earlier.jobs < $5 "
          "ON CONFLICT (channel, owner, day) DO UPDATE SET jobs = owner_days.jobs + 1 "
          "WHERE owner_days.jobs < $5",
          table.name, table.owner_column),
      {std::string(name(owner.channel)), owner.id, day, data::sql(start_of(day)), limit}));
  return counted == 1;
}

}  // namespace

Timestamp next_day(Timestamp time) { return start_of(day_of(time) + 1); }

Result<void> set_owner_limit(data::Transaction& tx, const Owner& owner, std::int64_t daily_jobs) {
  if (daily_jobs < 0 || daily_jobs > kMaxDailyJobs) {
    return fail(
        ErrorKind::invalid, "limit.daily_jobs",
        fmt::format("a daily limit is 0 (none) to {} jobs, not {}", kMaxDailyJobs, daily_jobs));
  }
  data::Params params = owner_params(owner);
  params.emplace_back(daily_jobs);
  params.push_back(data::sql(now()));
  TRY(
      tx.execute("INSERT INTO owner_limits (channel, owner, daily_jobs, updated_at) "
                 "VALUES ($1, $2, $3, $4) ON CONFLICT (channel, owner) DO UPDATE SET "
                 "daily_jobs = excluded.daily_jobs, updated_at = excluded.updated_at",
                 std::move(params)));
  return {};
}

Result<bool> clear_owner_limit(data::Transaction& tx, const Owner& owner) {
  return TRY(tx.execute("DELETE FROM owner_limits WHERE channel = $1 AND owner = $2",
                        owner_params(owner))) == 1;
}

Result<std::vector<OwnerLimit>> list_owner_limits(data::Transaction& tx, std::size_t limit) {
  const data::Rows rows =
      TRY(tx.query("SELECT channel, owner, daily_jobs, updated_at FROM owner_limits "
                   "ORDER BY channel, owner LIMIT $1",
                   {std::min(static_cast<std::int64_t>(limit), kMaxListed)}));
  std::vector<OwnerLimit> all;
  all.reserve(rows.size());
  for (const data::Row& row : rows) {
    all.push_back({TRY(parse_owner(row.text(0), row.text(1))), row.integer(2), row.time(3)});
  }
  return all;
}

Result<std::int64_t> jobs_today(data::Transaction& tx, const Owner& owner, Timestamp time) {
  data::Params params = owner_params(owner);
  params.emplace_back(day_of(time));
  const std::optional<data::Row> row =
      TRY(tx.query_one("SELECT jobs FROM owner_days WHERE channel = $1 AND owner = $2 AND day = $3",
                       std::move(params)));
  return row ? row->integer(0) : 0;
}

Result<void> count_daily_job(data::Transaction& tx, const Owner& owner, std::int64_t fallback,
                             Timestamp time) {
  const std::int64_t limit = TRY(limit_of(tx, owner, fallback));
  if (limit == 0) return {};
  const std::int64_t day = day_of(time);
  data::Params params = owner_params(owner);
  params.emplace_back(day);
  params.emplace_back(limit);
  const std::int64_t counted =
      TRY(tx.execute("UPDATE owner_days SET jobs = jobs + 1 WHERE channel = $1 AND owner = $2 "
                     "AND day = $3 AND jobs < $4",
                     std::move(params)));
  if (counted == 1) return {};
  const bool begun = TRY(jobs_today(tx, owner, time)) > 0;
  if (!begun && TRY(begin_day(tx, owner, day, limit))) return {};
  return fail(
      ErrorKind::rate_limited, "limit.daily",
      fmt::format("{} {} has sent the {} jobs it may send in a day",
                  owner.channel == Channel::b2b ? "store" : "user", owner.id, limit),
      fmt::format("send more from {} on, or have the limit raised", to_rfc3339(start_of(day + 1))));
}

Result<std::int64_t> forget_daily_counts(data::Transaction& tx, Timestamp time) {
  return tx.execute("DELETE FROM owner_days WHERE day < $1", {day_of(time) - 1});
}

}  // namespace selvage::tryon
