#include "app/http/job_json.hpp"

#include <boost/json.hpp>
#include <map>

#include "base/log.hpp"
#include "base/text.hpp"

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

// What an uploaded picture is called in a session.
constexpr std::string_view kObject = "object:";

using Links = std::map<std::string, std::string, std::less<>>;  // key -> signed URL

std::string_view link_of(const Links& links, std::string_view key) {
  const auto found = links.find(key);
  return found == links.end() ? std::string_view() : std::string_view(found->second);
}

// The objects whose links the answer holds.
void add_keys(const JobView& view, const tryon::Session& session, std::vector<std::string>& keys) {
  if (session.status == tryon::SessionStatus::completed && session.result_key) {
    keys.push_back(*session.result_key);
  }
  if (!view.admin) return;
  const auto add_input = [&keys](const std::string& input) {
    if (input.starts_with(kObject)) keys.push_back(input.substr(kObject.size()));
  };
  add_input(session.person_image_url);
  for (const std::string& garment : session.garment_image_urls) add_input(garment);
}

// Without links an answer is still worth sending: storage that is away says so in the log.
Task<Links> sign_all(JobView view, std::vector<std::string> keys) {
  Links links;
  if (keys.empty()) co_return links;
  auto urls = co_await view.storage.signed_urls(keys, view.url_lifetime);
  if (!urls) {
    log::warning("pictures_not_signed", urls.error());
    co_return links;
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    links.emplace(std::move(keys[i]), std::move((*urls)[i]));
  }
  co_return links;
}

json::value shown_input(const Links& links, std::string_view input) {
  return json::value(input.starts_with(kObject) ? link_of(links, input.substr(kObject.size()))
                                                : input);
}

json::object job_object(const JobView& view, const tryon::Session& session, const Links& links) {
  json::value result_url = nullptr;
  if (session.status == tryon::SessionStatus::completed && session.result_key) {
    const std::string_view url = link_of(links, *session.result_key);
    if (!url.empty()) result_url = url;
  }
  json::object job{
      {"id", session.id},
      {"task_id", session.task_id},
      {"request_id", session.request_id},
      {"channel", name(session.owner.channel)},
      {"owner", session.owner.id},
      {"status", name(session.status)},
      {"progress", session.progress},
      {"stage", or_null(session.stage)},
      {"cancel_requested", session.cancel_requested_at.has_value()},
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
    json::array inputs{shown_input(links, session.person_image_url)};
    for (const std::string& garment : session.garment_image_urls) {
      inputs.push_back(shown_input(links, garment));
    }
    job["inputs"] = std::move(inputs);
  }
  return job;
}

}  // namespace

Task<json::value> job_json(JobView view, tryon::Session session) {
  std::vector<std::string> keys;
  add_keys(view, session, keys);
  const Links links = co_await sign_all(view, std::move(keys));
  co_return job_object(view, session, links);
}

Task<json::array> jobs_json(JobView view, std::vector<tryon::Session> sessions) {
  std::vector<std::string> keys;
  for (const tryon::Session& session : sessions) add_keys(view, session, keys);
  const Links links = co_await sign_all(view, std::move(keys));
  json::array jobs;
  jobs.reserve(sessions.size());
  for (const tryon::Session& session : sessions) {
    jobs.push_back(job_object(view, session, links));
  }
  co_return jobs;
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
      {"paused", depth.paused},
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
                      {"payload", mended_utf8(task.payload)},
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
