#include "tryon/detail/session_rows.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.hpp"

namespace selvage::tryon::detail {
namespace {

Result<std::vector<std::string>> read_urls(const std::string& text, const std::string& id) {
  const Result<json::value> parsed = json::parse(text);
  std::vector<std::string> urls;
  if (parsed && parsed->is_array()) {
    for (const json::value& url : parsed->get_array()) {
      if (url.is_string()) urls.emplace_back(url.get_string());
    }
    if (urls.size() == parsed->get_array().size()) return urls;
  }
  return fail(ErrorKind::internal, "db.corrupt",
              fmt::format("session {}: garment_image_urls is no JSON list of texts", id),
              "restore the row from a backup");
}

}  // namespace

SessionTable table_of(Channel channel) {
  switch (channel) {
    case Channel::b2b:
      return {"store_generation_sessions", "store_id"};
    case Channel::b2c:
      return {"generation_sessions", "user_id"};
  }
  SELVAGE_CHECK(false);
}

std::string session_columns(Channel channel) {
  return fmt::format(
      "id, task_id, request_id, {}, status, credits, person_image_url, garment_image_urls, prompt, "
      "options, result_key, error_code, error_message, error_detail, note, stage, "
      "progress, cancel_requested_at, provider, "
      "provider_request_id, retry_of, lease_token, attempts, provider_retries, created_at, "
      "started_at, finished_at, updated_at",
      table_of(channel).owner_column);
}

Result<Session> read_session(const data::Row& row, Channel channel) {
  Session session;
  std::size_t column = 0;
  session.id = row.text(column++);
  session.task_id = row.text(column++);
  session.request_id = row.text(column++);
  session.owner = {channel, row.text(column++)};
  const std::optional<SessionStatus> status = parse_status(row.text(column++));
  if (!status) {
    return fail(ErrorKind::internal, "db.corrupt",
                fmt::format("session {} has an unknown status", session.id),
                "restore the row from a backup");
  }
  session.status = *status;
  session.credits = {row.integer(column++)};
  session.person_image_url = row.text(column++);
  session.garment_image_urls = TRY(read_urls(row.text(column++), session.id));
  session.prompt = row.maybe_text(column++);
  session.options_json = row.text(column++);
  session.result_key = row.maybe_text(column++);
  session.error_code = row.maybe_text(column++);
  session.error_message = row.maybe_text(column++);
  session.error_detail = row.maybe_text(column++);
  session.note = row.maybe_text(column++);
  session.stage = row.maybe_text(column++);
  session.progress = static_cast<int>(row.integer(column++));
  session.cancel_requested_at = row.maybe_time(column++);
  session.provider = row.maybe_text(column++);
  session.provider_request_id = row.maybe_text(column++);
  session.retry_of = row.maybe_text(column++);
  session.lease_token = row.integer(column++);
  session.attempts = static_cast<int>(row.integer(column++));
  session.provider_retries = static_cast<int>(row.integer(column++));
  session.created_at = row.time(column++);
  session.started_at = row.maybe_time(column++);
  session.finished_at = row.maybe_time(column++);
  session.updated_at = row.time(column++);
  return session;
}

}  // namespace selvage::tryon::detail
