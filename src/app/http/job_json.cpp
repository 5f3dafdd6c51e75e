#include "app/http/job_json.hpp"

#include <boost/json.hpp>

namespace selvage::app {

namespace {

json::value or_null(const std::optional<std::string>& text) {
  return text ? json::value(*text) : json::value(nullptr);
}

json::value or_null(std::optional<Timestamp> time) {
  return time ? json::value(to_rfc3339(*time)) : json::value(nullptr);
}

json::value span_ms(std::optional<Timestamp> from, std::optional<Timestamp> to) {
  if (!from || !to) return nullptr;
  return (*to - *from).count();
}

json::value error_json(const tryon::Session& session, bool admin) {
  if (!session.error_code) return nullptr;
  json::object error{{"code", *session.error_code},
                     {"message", session.error_message.value_or("")}};
  if (admin) error["detail"] = session.error_detail.value_or("");
  return error;
}

Task<std::string> shown_url(JobView view, std::string input) {
  constexpr std::string_view kObject = "object:";
  if (!input.starts_with(kObject)) co_return input;
  auto url = co_await view.storage.signed_url(input.substr(kObject.size()), view.url_lifetime);
  co_return url ? *url : std::string();
}

}  // namespace

Task<json::value> job_json(JobView view, tryon::Session session) {
  json::value result_url = nullptr;
  if (session.status == tryon::SessionStatus::completed && session.result_key) {
    auto url = co_await view.storage.signed_url(*session.result_key, view.url_lifetime);
    if (url) result_url = *url;
  }
  json::object job{
      {"id", session.id},
      {"task_id", session.task_id},
      {"request_id", session.request_id},
      {"channel", name(session.owner.channel)},
      {"owner", session.owner.id},
      {"status", name(session.status)},
      {"credits", session.credits.value},
      {"created_at", to_rfc3339(session.created_at)},
      {"started_at", or_null(session.started_at)},
      {"finished_at", or_null(session.finished_at)},
      {"queue_ms", span_ms(session.created_at, session.started_at)},
      {"processing_ms", span_ms(session.started_at, session.finished_at)},
      {"attempts", session.attempts},
      {"provider", or_null(session.provider)},
      {"retry_of", or_null(session.retry_of)},
      {"result_url", std::move(result_url)},
      {"error", error_json(session, view.admin)},
  };
  if (view.admin) {
    json::array inputs;
    inputs.emplace_back(co_await shown_url(view, session.person_image_url));
    for (const std::string& garment : session.garment_image_urls) {
      inputs.emplace_back(co_await shown_url(view, garment));
    }
    job["inputs"] = std::move(inputs);
  }
  co_return job;
}

json::value balance_json(const tryon::Balance& balance) {
  return json::object{
      {"channel", name(balance.owner.channel)}, {"owner", balance.owner.id},
      {"balance", balance.balance.value},       {"granted", balance.granted.value},
      {"charged", balance.charged.value},       {"refunded", balance.refunded.value}};
}

json::value queue_json(const work::QueueDepth& depth) {
  return json::object{
      {"queue", depth.queue},
      {"ready", depth.ready},
      {"delayed", depth.delayed},
      {"leased", depth.leased},
      {"dead", depth.dead},
      {"oldest_ready_ms",
       depth.oldest_ready ? json::value(depth.oldest_ready->count()) : json::value(nullptr)}};
}

json::value worker_json(const work::WorkerRow& row) {
  return json::object{{"id", row.id},
                      {"host", row.host},
                      {"pid", row.pid},
                      {"version", row.version},
                      {"queue", row.queue},
                      {"concurrency", row.concurrency},
                      {"active", row.active},
                      {"done", row.done},
                      {"failed", row.failed},
                      {"state", row.state},
                      {"started_at", to_rfc3339(row.started_at)},
                      {"seen_at", to_rfc3339(row.seen_at)}};
}

json::value task_json(const work::TaskView& task) {
  return json::object{{"id", task.id},
                      {"queue", task.queue},
                      {"state", task.state},
                      {"payload", task.payload},
                      {"holder", task.holder},
                      {"reason", task.reason},
                      {"priority", task.priority},
                      {"deliveries", task.deliveries},
                      {"retries", task.retries},
                      {"enqueued_at", to_rfc3339(task.enqueued_at)},
                      {"run_at", to_rfc3339(task.run_at)},
                      {"lease_until", or_null(task.lease_until)}};
}

}  // namespace selvage::app
