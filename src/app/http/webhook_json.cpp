#include "app/http/webhook_json.hpp"

#include <boost/json.hpp>

namespace selvage::app {

namespace {

json::value or_null(const std::optional<std::string>& text) {
  return text ? json::value(*text) : json::value(nullptr);
}

json::value or_null(std::optional<Timestamp> time) {
  return time ? json::value(to_rfc3339(*time)) : json::value(nullptr);
}

}  // namespace

json::value webhook_json(const tryon::WebhookEndpoint& endpoint, bool with_secret) {
  json::array events;
  for (const std::string& event : endpoint.events) events.emplace_back(event);
  json::object webhook{{"id", endpoint.id},
                       {"channel", name(endpoint.owner.channel)},
                       {"owner", endpoint.owner.id},
                       {"url", endpoint.url},
                       {"events", std::move(events)},
                       {"enabled", !endpoint.disabled_reason.has_value()},
                       {"disabled_reason", or_null(endpoint.disabled_reason)},
                       {"failing_since", or_null(endpoint.failing_since)},
                       {"created_at", to_rfc3339(endpoint.created_at)}};
  if (with_secret) webhook["secret"] = endpoint.secret.reveal();
  return webhook;
}

json::value delivery_json(const tryon::Delivery& delivery) {
  return json::object{
      {"id", delivery.id},
      {"webhook_id", delivery.endpoint_id},
      {"event", delivery.event},
      {"job_id", delivery.session_id},
      {"state", name(delivery.state)},
      {"attempts", delivery.attempts},
      {"last_status", delivery.last_status ? json::value(*delivery.last_status) : nullptr},
      {"last_error", or_null(delivery.last_error)},
      {"created_at", to_rfc3339(delivery.created_at)},
      {"last_attempt_at", or_null(delivery.last_attempt_at)},
      {"next_attempt_at", or_null(delivery.next_attempt_at)}};
}

}  // namespace selvage::app
