// The transitions. Each is one UPDATE whose WHERE says from which states, and for whom, it may
// happen; the count of changed rows is the answer. No read-then-write, so no order of events can
// make a state twice.
#include "tryon/session.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.hpp"
#include "base/text.hpp"
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

namespace {

constexpr StageRow kStages[] = {
    {Stage::inputs, "inputs", 10, "The pictures are fetched and made ready."},
    {Stage::provider, "provider", 40, "The provider makes the picture."},
    {Stage::storing, "storing", 85, "The finished picture is stored."},
    {Stage::waiting, "waiting", 0, "A later try is pending."},
};

// A session that nobody works on at this moment: a note stands while a later try is pending.
constexpr std::string_view kIdle =
    "(status = 'queued' OR (status = 'processing' AND note IS NOT NULL))";

std::string failing_update(Channel channel) {
  return fmt::format(
      "UPDATE {} SET status = 'failed', error_code = $1, error_message = $2, error_detail = $3, "
      "note = NULL, stage = NULL, finished_at = $4, updated_at = $4 WHERE id = $5",
      table_of(channel).name);
}

std::string lock_name(std::string_view session_id) { return fmt::format("session/{}", session_id); }

data::Params failing_params(std::string_view id, const SessionFailure& failure) {
  return {failure.code, mended_utf8(failure.message), mended_utf8(failure.detail), data::sql(now()),
          std::string(id)};
}

}  // namespace

std::span<const StageRow> stage_rows() { return kStages; }

const StageRow& row_of(Stage stage) {
  for (const StageRow& row : kStages) {
    if (row.stage == stage) return row;
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
  tx.lock(lock_name(session.id));
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
  const StageRow& first = row_of(Stage::inputs);
  const std::int64_t changed = TRY(tx.execute(
      fmt::format("UPDATE {} SET status = 'processing', task_id = $1, lease_token = $2, "
                  "attempts = attempts + 1, started_at = COALESCE(started_at, $3), note = NULL, "
                  "stage = $5, progress = CASE WHEN progress < $6 THEN $6 ELSE progress END, "
                  "updated_at = $3 WHERE id = $4 AND (status = 'queued' OR (status = 'processing' "
                  "AND task_id = $1 AND lease_token <= $2))",
                  table_of(channel).name),
      {std::string(task_id), token, data::sql(now()), std::string(id), std::string(first.name),
       std::int64_t{first.percent}}));
  return changed == 1;
}

Result<bool> note_retry(data::Transaction& tx, Channel channel, std::string_view id,
                        std::int64_t token, std::string_view note, bool asked_by_provider) {
  const std::int64_t changed = TRY(
      tx.execute(fmt::format("UPDATE {} SET note = $1, provider_retries = provider_retries + $2, "
                             "stage = $6, updated_at = $3 WHERE id = $4 AND status = 'processing' "
                             "AND lease_token = $5",
                             table_of(channel).name),
                 {mended_utf8(note), std::int64_t{asked_by_provider ? 1 : 0}, data::sql(now()),
                  std::string(id), token, std::string(row_of(Stage::waiting).name)}));
  return changed == 1;
}

Result<bool> note_stage(data::Transaction& tx, Channel channel, std::string_view id,
                        std::int64_t token, Stage stage) {
  const StageRow& row = row_of(stage);
  const std::int64_t changed = TRY(tx.execute(
      fmt::format("UPDATE {} SET stage = $1, progress = $2, updated_at = $3 WHERE id = $4 "
                  "AND status = 'processing' AND lease_token = $5 AND progress < $2",
                  table_of(channel).name),
      {std::string(row.name), std::int64_t{row.percent}, data::sql(now()), std::string(id),
       token}));
  return changed == 1;
}

Result<bool> complete_session(data::Transaction& tx, Channel channel, std::string_view id,
                              std::int64_t token, std::string_view result_key,
                              std::string_view provider, std::string_view provider_request_id) {
  const std::int64_t changed = TRY(
      tx.execute(fmt::format("UPDATE {} SET status = 'completed', result_key = $1, provider = $2, "
                             "provider_request_id = $3, note = NULL, stage = NULL, progress = 100, "
                             "finished_at = $4, updated_at = $4 "
                             "WHERE id = $5 AND status = 'processing' AND lease_token = $6",
                             table_of(channel).name),
                 {std::string(result_key), std::string(provider), mended_utf8(provider_request_id),
                  data::sql(now()), std::string(id), token}));
  return changed == 1;
}

Result<bool> fail_session(data::Transaction& tx, Channel channel, std::string_view id,
                          std::optional<std::int64_t> token, const SessionFailure& failure) {
  std::string sql = failing_update(channel) + " AND status IN ('queued', 'processing')";
  data::Params params = failing_params(id, failure);
  if (token) {
    sql += " AND lease_token <= $6";
    params.emplace_back(*token);
  }
  return TRY(tx.execute(sql, std::move(params))) == 1;
}

Result<bool> fail_idle_session(data::Transaction& tx, Channel channel, std::string_view id,
                               const SessionFailure& failure) {
  return TRY(tx.execute(fmt::format("{} AND {}", failing_update(channel), kIdle),
                        failing_params(id, failure))) == 1;
}

Result<bool> ask_to_cancel(data::Transaction& tx, Channel channel, std::string_view id) {
  return TRY(tx.execute(fmt::format("UPDATE {} SET updated_at = CASE WHEN cancel_requested_at "
                                    "IS NULL THEN $1 ELSE updated_at END, cancel_requested_at = "
                                    "COALESCE(cancel_requested_at, $1) "
                                    "WHERE id = $2 AND status = 'processing'",
                                    table_of(channel).name),
                        {data::sql(now()), std::string(id)})) == 1;
}

namespace {

Result<std::optional<Session>> select_session(data::Transaction& tx, Channel channel,
                                              std::string_view id, std::string_view lock) {
  const std::optional<data::Row> row =
      TRY(tx.query_one(fmt::format("SELECT {} FROM {} WHERE id = $1{}",
                                   detail::session_columns(channel), table_of(channel).name, lock),
                       {std::string(id)}));
  if (!row) return std::nullopt;
  return TRY(detail::read_session(*row, channel));
}

}  // namespace

Result<std::optional<Session>> find_session(data::Transaction& tx, Channel channel,
                                            std::string_view id) {
  return select_session(tx, channel, id, "");
}

Result<std::optional<Session>> find_session(data::Transaction& tx, std::string_view id) {
  for (const Channel channel : {Channel::b2c, Channel::b2b}) {
    std::optional<Session> session = TRY(find_session(tx, channel, id));
    if (session) return session;
  }
  return std::nullopt;
}

Result<std::optional<Session>> hold_session(data::Transaction& tx, std::string_view id) {
  // The row's lock keeps off those who change it, the name's those who would make it.
  const std::string_view lock = tx.dialect() == data::Dialect::postgres ? " FOR UPDATE" : "";
  tx.lock(lock_name(id));
  for (const Channel channel : {Channel::b2c, Channel::b2b}) {
    std::optional<Session> session = TRY(select_session(tx, channel, id, lock));
    if (session) return session;
  }
  return std::nullopt;
}

}  // namespace selvage::tryon
