// Lists over both tables: each is read in order through its own index, at most one page, and the
// two are merged here. A page never costs more than two index ranges, however many sessions there
// are.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/crypto.hpp"
#include "tryon/detail/session_rows.hpp"
#include "tryon/session.hpp"

namespace selvage::tryon {
namespace {

using detail::table_of;

constexpr Channel kChannels[] = {Channel::b2c, Channel::b2b};
constexpr std::size_t kMaxWalk = 10'000;  // rows of one internal walk

struct Cursor {
  std::int64_t created_ms = 0;
  std::string id;
};

std::string write_cursor(const Session& last) {
  return base64url(fmt::format("{}/{}", to_unix_ms(last.created_at), last.id));
}

Result<Cursor> read_cursor(std::string_view text) {
  std::string plain;
  Cursor cursor;
  if (text.size() <= 256 && decode_base64(text, plain)) {
    const char* const end = plain.data() + plain.size();
    const auto [stop, error] = std::from_chars(plain.data(), end, cursor.created_ms);
    if (error == std::errc() && stop != end && *stop == '/' && stop + 1 != end) {
      cursor.id.assign(stop + 1, end);
      return cursor;
    }
  }
  return fail(ErrorKind::invalid, "page.cursor", "the page cursor is not one this service gave out",
              "start again without a cursor");
}

// WHERE conditions and their parameters, grown together.
struct Where {
  std::string sql = " WHERE TRUE";
  data::Params params;

  std::string place(data::SqlValue value) {
    params.push_back(std::move(value));
    return fmt::format("${}", params.size());
  }
};

Result<std::vector<Session>> select(data::Transaction& tx, Channel channel, Where where,
                                    std::string_view order, std::size_t limit) {
  const std::string limit_place = where.place(static_cast<std::int64_t>(limit));
  const data::Rows rows = TRY(tx.query(
      fmt::format("SELECT {} FROM {}{} ORDER BY {} LIMIT {}", detail::session_columns(channel),
                  table_of(channel).name, where.sql, order, limit_place),
      std::move(where.params)));
  std::vector<Session> sessions;
  sessions.reserve(rows.size());
  for (const data::Row& row : rows) sessions.push_back(TRY(detail::read_session(row, channel)));
  return sessions;
}

template <class Before>
std::vector<Session> merge_first(std::vector<Session> all, std::size_t limit, Before before) {
  std::ranges::sort(all, before);
  if (all.size() > limit) all.erase(all.begin() + static_cast<std::ptrdiff_t>(limit), all.end());
  return all;
}

bool older(const Session& a, const Session& b) {
  return std::tie(a.updated_at, a.id) < std::tie(b.updated_at, b.id);
}

}  // namespace

Result<SessionPage> list_sessions(data::Transaction& tx, const SessionFilter& filter,
                                  std::size_t limit, std::optional<std::string> cursor) {
  limit = std::clamp<std::size_t>(limit, 1, kMaxPage);
  std::optional<Cursor> from;
  if (cursor) from = TRY(read_cursor(*cursor));

  std::vector<Session> found;
  for (const Channel channel : kChannels) {
    if (filter.channel && *filter.channel != channel) continue;
    if (filter.owner && filter.owner->channel != channel) continue;
    Where where;
    if (filter.owner) {
      where.sql += fmt::format(" AND {} = {}", table_of(channel).owner_column,
                               where.place(filter.owner->id));
    }
    if (filter.status) {
      where.sql += " AND status = " + where.place(std::string(name(*filter.status)));
    }
    if (filter.created_from) {
      where.sql += " AND created_at >= " + where.place(data::sql(*filter.created_from));
    }
    if (filter.created_to) {
      where.sql += " AND created_at < " + where.place(data::sql(*filter.created_to));
    }
    if (from) {
      where.sql += fmt::format(" AND (created_at, id) < ({}, {})", where.place(from->created_ms),
                               where.place(from->id));
    }
    std::vector<Session> part =
        TRY(select(tx, channel, std::move(where), "created_at DESC, id DESC", limit + 1));
    std::ranges::move(part, std::back_inserter(found));
  }

  SessionPage page;
  const bool more = found.size() > limit;
  page.sessions = merge_first(std::move(found), limit, [](const Session& a, const Session& b) {
    return std::tie(a.created_at, a.id) > std::tie(b.created_at, b.id);
  });
  if (more) page.next_cursor = write_cursor(page.sessions.back());
  return page;
}

Result<std::vector<Session>> sessions_changed_since(data::Transaction& tx, Timestamp since,
                                                    std::size_t limit) {
  limit = std::min(limit, kMaxWalk);
  std::vector<Session> found;
  for (const Channel channel : kChannels) {
    Where where;
    where.sql += " AND updated_at > " + where.place(data::sql(since));
    std::vector<Session> part = TRY(select(tx, channel, std::move(where), "updated_at, id", limit));
    std::ranges::move(part, std::back_inserter(found));
  }
  return merge_first(std::move(found), limit, older);
}

Result<std::vector<Session>> open_sessions(data::Transaction& tx, Timestamp before,
                                           std::size_t limit, const OpenPosition& after) {
  limit = std::min(limit, kMaxWalk);
  std::vector<Session> found;
  for (const Channel channel : kChannels) {
    Where where;
    // Spelled as in the partial index, so that terminal sessions cost nothing.
    where.sql += " AND status IN ('queued', 'processing')";
    where.sql += " AND updated_at < " + where.place(data::sql(before));
    where.sql += fmt::format(" AND (updated_at, id) > ({}, {})",
                             where.place(data::sql(after.updated_at)), where.place(after.id));
    std::vector<Session> part = TRY(select(tx, channel, std::move(where), "updated_at, id", limit));
    std::ranges::move(part, std::back_inserter(found));
  }
  return merge_first(std::move(found), limit, older);
}

Result<std::vector<std::string>> cancel_requests(data::Transaction& tx, std::size_t limit) {
  std::vector<std::string> ids;
  for (const Channel channel : kChannels) {
    // Spelled as in the partial index, which is nearly always empty.
    const data::Rows rows =
        TRY(tx.query(fmt::format("SELECT id FROM {} WHERE status = 'processing' AND "
                                 "cancel_requested_at IS NOT NULL ORDER BY id LIMIT $1",
                                 table_of(channel).name),
                     {static_cast<std::int64_t>(std::min(limit, kMaxWalk))}));
    for (const data::Row& row : rows) ids.push_back(row.text(0));
  }
  return ids;
}

Result<std::optional<std::int64_t>> waiting_before(data::Transaction& tx, const Session& session,
                                                   std::int64_t most) {
  std::int64_t waiting = 0;
  for (const Channel channel : kChannels) {
    const std::optional<data::Row> counted = TRY(tx.query_one(
        fmt::format("SELECT COUNT(*) FROM (SELECT 1 FROM {} WHERE status = 'queued' AND "
                    "(created_at, id) < ($1, $2) LIMIT $3) AS earlier",
                    table_of(channel).name),
        {data::sql(session.created_at), session.id, most + 1}));
    waiting += counted->integer(0);
    if (waiting > most) return std::nullopt;
  }
  return waiting;
}

Result<StatusCounts> count_sessions(data::Transaction& tx) {
  StatusCounts counts;
  for (const Channel channel : kChannels) {
    const data::Rows rows = TRY(tx.query(
        fmt::format("SELECT status, COUNT(*) FROM {} GROUP BY status", table_of(channel).name)));
    for (const data::Row& row : rows) {
      const std::optional<SessionStatus> status = parse_status(row.text(0));
      if (!status) continue;  // the tables' CHECK admits no other
      switch (*status) {
        case SessionStatus::queued:
          counts.queued += row.integer(1);
          break;
        case SessionStatus::processing:
          counts.processing += row.integer(1);
          break;
        case SessionStatus::completed:
          counts.completed += row.integer(1);
          break;
        case SessionStatus::failed:
          counts.failed += row.integer(1);
          break;
      }
    }
  }
  return counts;
}

}  // namespace selvage::tryon
