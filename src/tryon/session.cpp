// The transitions. Each is one UPDATE whose WHERE says from which states, and for whom, it may
// happen; the count of changed rows is the answer. No read-then-write, so no order of events can
// make a state twice.
#include "tryon/session.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.hpp"
#include "tryon/detail/session_rows.hpp"

namespace selvage::tryon {

using detail::table_of;

std::string_view name(SessionStatus status) {
  switch (status) {
    case SessionStatus::queued:
      return "queued";
    case SessionStatus::processing:
      return "processing";
    case SessionStatus::completed:
      return "completed";
    case SessionStatus::failed:
      return "failed";
  }
  SELVAGE_CHECK(false);
}

std::optional<SessionStatus> parse_status(std::string_view text) {
  for (const SessionStatus status : {SessionStatus::queued, SessionStatus::processing,
                                     SessionStatus::completed, SessionStatus::failed}) {
    if (name(status) == text) return status;
  }
  return std::nullopt;
}

Result<void> insert_session(data::Transaction& tx, const Session& session) {
  SELVAGE_CHECK(session.status == SessionStatus::queued);
  const auto duplicate = [&] {
    return fail(ErrorKind::conflict, "session.duplicate",
                fmt::format("session {} exists already", session.id),
                "leave session_id out, or choose a new UUID; to repeat a request safely, send an "
                "Idempotency-Key");
  };
  // One id names one session, whatever its channel; the other table has no index that could say so.
  if (TRY(find_session(tx, session.id))) return duplicate();

  json::array garments;
  for (const std::string& url : session.garment_image_urls) garments.emplace_back(url);
  const detail::SessionTable table = table_of(session.owner.channel);
  const Result<std::int64_t> inserted = tx.execute(
      fmt::format("INSERT INTO {} (id, task_id, request_id, {}, status, credits, person_image_url, "
                  "garment_image_urls, prompt, options, retry_of, created_at, updated_at) "
                  "VALUES ($1, $2, $3, $4, 'queued', $5, $6, $7, $8, $9, $10, $11, $12)",
                  table.name, table.owner_column),
      {session.id, session.task_id, session.request_id, session.owner.id, session.credits.value,
       session.person_image_url, json::dump(garments), data::sql(session.prompt),
       session.options_json, data::sql(session.retry_of), data::sql(session.created_at),
       data::sql(session.updated_at)});
  if (!inserted && inserted.error().code == "db.constraint") return duplicate();
  if (!inserted) return std::unexpected(inserted.error());
  return {};
}

Result<bool> begin_processing(data::Transaction& tx, Channel channel, std::string_view id,
                              std::string_view task_id, std::int64_t token) {
  const std::int64_t changed = TRY(tx.execute(
      fmt::format("UPDATE {} SET status = 'processing', task_id = $1, lease_token = $2, "
                  "attempts = attempts + 1, started_at = COALESCE(started_at, $3), note = NULL, "
                  "updated_at = $3 WHERE id = $4 AND (status = 'queued' OR (status = 'processing' "
                  "AND task_id = $1 AND lease_token <= $2))",
                  table_of(channel).name),
      {std::string(task_id), token, data::sql(now()), std::string(id)}));
  return changed == 1;
}

Result<bool> note_retry(data::Transaction& tx, Channel channel, std::string_view id,
                        std::int64_t token, std::string_view note, bool asked_by_provider) {
  const std::int64_t changed = TRY(tx.execute(
      fmt::format("UPDATE {} SET note = $1, provider_retries = provider_retries + $2, "
                  "updated_at = $3 WHERE id = $4 AND status = 'processing' AND lease_token = $5",
                  table_of(channel).name),
      {std::string(note), std::int64_t{asked_by_provider ? 1 : 0}, data::sql(now()),
       std::string(id), token}));
  return changed == 1;
}

Result<bool> complete_session(data::Transaction& tx, Channel channel, std::string_view id,
                              std::int64_t token, std::string_view result_key,
                              std::string_view provider, std::string_view provider_request_id) {
  const std::int64_t changed = TRY(tx.execute(
      fmt::format("UPDATE {} SET status = 'completed', result_key = $1, provider = $2, "
                  "provider_request_id = $3, note = NULL, finished_at = $4, updated_at = $4 "
                  "WHERE id = $5 AND status = 'processing' AND lease_token = $6",
                  table_of(channel).name),
      {std::string(result_key), std::string(provider), std::string(provider_request_id),
       data::sql(now()), std::string(id), token}));
  return changed == 1;
}

Result<bool> fail_session(data::Transaction& tx, Channel channel, std::string_view id,
                          std::optional<std::int64_t> token, const SessionFailure& failure) {
  std::string sql = fmt::format(
      "UPDATE {} SET status = 'failed', error_code = $1, error_message = $2, error_detail = $3, "
      "note = NULL, finished_at = $4, updated_at = $4 "
      "WHERE id = $5 AND status IN ('queued', 'processing')",
      table_of(channel).name);
  data::Params params{failure.code, failure.message, failure.detail, data::sql(now()),
                      std::string(id)};
  if (token) {
    sql += " AND lease_token <= $6";
    params.emplace_back(*token);
  }
  return TRY(tx.execute(sql, std::move(params))) == 1;
}

Result<std::optional<Session>> find_session(data::Transaction& tx, Channel channel,
                                            std::string_view id) {
  const std::optional<data::Row> row =
      TRY(tx.query_one(fmt::format("SELECT {} FROM {} WHERE id = $1",
                                   detail::session_columns(channel), table_of(channel).name),
                       {std::string(id)}));
  if (!row) return std::nullopt;
  return TRY(detail::read_session(*row, channel));
}

Result<std::optional<Session>> find_session(data::Transaction& tx, std::string_view id) {
  for (const Channel channel : {Channel::b2c, Channel::b2b}) {
    std::optional<Session> session = TRY(find_session(tx, channel, id));
    if (session) return session;
  }
  return std::nullopt;
}

}  // namespace selvage::tryon
