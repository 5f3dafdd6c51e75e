// /v1/webhooks: where an owner wants to hear how its jobs end.
#include <boost/json.hpp>

#include "app/http/api_parts.hpp"
#include "app/http/endpoint_list.hpp"
#include "app/http/job_request.hpp"
#include "app/http/webhook_json.hpp"
#include "app/http/webhook_scope.hpp"
#include "base/text.hpp"

namespace selvage::app {

namespace {

constexpr std::size_t kMaxListed = 1000;

struct NewWebhook {
  std::string url;
  std::vector<std::string> events;
};

Result<NewWebhook> read_webhook(const net::Request& request, const net::EgressGuard& guard) {
  const json::value body = TRY(json::parse(request.body));
  json::Reader reader(body, "");
  NewWebhook webhook;
  webhook.url = reader.text("url", {.max = net::kMaxUrlLength});
  if (reader.raw("events") != nullptr) {
    webhook.events = reader.texts("events", 1, tryon::kWebhookEvents.size(), {.max = 40});
  }
  if (body.is_object()) {
    for (const auto& member : body.get_object()) {
      if (member.key() != "url" && member.key() != "events") {
        reader.problem(in_quotes(member.key(), 40), "is not a member of a webhook");
      }
    }
  }
  if (auto bad = reader.finish()) return fail(std::move(*bad));
  webhook.events = TRY(tryon::parse_events(webhook.events));
  const Result<net::Url> judged = guard.check(webhook.url);
  if (!judged) return fail(judged.error().within("url"));
  return webhook;
}

Task<net::Response> create(ApiParts parts, net::Request request, Principal principal) {
  const auto owner = acting_owner(request, principal);
  if (!owner) co_return net::Response::problem(owner.error(), request);
  const auto webhook = read_webhook(request, parts.guard);
  if (!webhook) co_return net::Response::problem(webhook.error(), request);
  auto made = co_await parts.platform.database->write([&](data::Transaction& tx) {
    return tryon::create_endpoint(tx, *owner, webhook->url, webhook->events);
  });
  if (!made) co_return net::Response::problem(made.error(), request);
  request.log.info("webhook_created", {{"webhook_id", made->id}, {"owner", owner->id}});
  net::Response response = net::Response::json(201, json::dump(webhook_json(*made, true)));
  response.headers.set("Location", "/v1/webhooks/" + made->id);
  co_return response;
}

Task<net::Response> list(ApiParts parts, net::Request request, Principal principal) {
  auto all = co_await parts.platform.database->read([&](data::Transaction& tx) {
    return tryon::list_endpoints(tx, principal.admin ? std::nullopt : principal.owner, kMaxListed);
  });
  if (!all) co_return net::Response::problem(all.error(), request);
  json::array webhooks;
  for (const tryon::WebhookEndpoint& one : *all) webhooks.push_back(webhook_json(one, false));
  co_return net::Response::json(200, json::dump(json::object{{"webhooks", std::move(webhooks)}}));
}

Task<net::Response> show(ApiParts parts, net::Request request, Principal principal) {
  auto found = co_await parts.platform.database->read([&](data::Transaction& tx) {
    return visible_endpoint(tx, std::string(request.param("id")), principal);
  });
  if (!found) co_return net::Response::problem(found.error(), request);
  co_return net::Response::json(200, json::dump(webhook_json(*found, false)));
}

Task<net::Response> remove(ApiParts parts, net::Request request, Principal principal) {
  auto removed =
      co_await parts.platform.database->write([&](data::Transaction& tx) -> Result<std::string> {
        const auto found = TRY(visible_endpoint(tx, std::string(request.param("id")), principal));
        TRY(tryon::remove_endpoint(tx, found.id));
        return found.id;
      });
  if (!removed) co_return net::Response::problem(removed.error(), request);
  request.log.info("webhook_removed", {{"webhook_id", *removed}});
  net::Response response;
  response.status = 204;
  co_return response;
}

Task<net::Response> rotate(ApiParts parts, net::Request request, Principal principal) {
  auto rotated = co_await parts.platform.database->write(
      [&](data::Transaction& tx) -> Result<tryon::WebhookEndpoint> {
        return tryon::rotate_secret(
            tx, TRY(visible_endpoint(tx, std::string(request.param("id")), principal)));
      });
  if (!rotated) co_return net::Response::problem(rotated.error(), request);
  request.log.info("webhook_rotated", {{"webhook_id", rotated->id}});
  co_return net::Response::json(200, json::dump(webhook_json(*rotated, true)));
}

Task<net::Response> enable(ApiParts parts, net::Request request, Principal principal) {
  auto enabled = co_await parts.platform.database->write(
      [&](data::Transaction& tx) -> Result<tryon::WebhookEndpoint> {
        const auto found = TRY(visible_endpoint(tx, std::string(request.param("id")), principal));
        TRY(tryon::disable_endpoint(tx, found.id, std::nullopt));
        return visible_endpoint(tx, found.id, principal);
      });
  if (!enabled) co_return net::Response::problem(enabled.error(), request);
  co_return net::Response::json(200, json::dump(webhook_json(*enabled, false)));
}

}  // namespace

std::vector<Endpoint> webhook_endpoints(ApiParts parts) {
  using enum net::Method;
  constexpr std::string_view kJson = "application/json";
  constexpr std::string_view kProblem = "application/problem+json";
  constexpr ParameterDoc kId{"path", "id", R"({"type":"string"})", "The webhook's id."};
  constexpr ResponseDoc kNotFound{404, "No such webhook, or another owner's.", kProblem, "Problem"};
  EndpointList endpoints(parts, "webhooks");
  endpoints.add(
      post, "/v1/webhooks", "createWebhook",
      "Register a URL that is told how this owner's jobs end. The secret is shown this once.",
      Access::submit, "WebhookRequest", {},
      {{201, "Registered.", kJson, "Webhook"},
       {409, "The URL is registered already, or the owner has 16.", kProblem, "Problem"}},
      create);
  endpoints.add(get, "/v1/webhooks", "listWebhooks", "The owner's webhooks, oldest first.",
                Access::read, "", {}, {{200, "The webhooks.", kJson, "Webhooks"}}, list);
  endpoints.add(get, "/v1/webhooks/{id}", "getWebhook", "One webhook.", Access::read, "", {kId},
                {{200, "The webhook.", kJson, "Webhook"}, kNotFound}, show);
  endpoints.add(delete_, "/v1/webhooks/{id}", "deleteWebhook", "Send nothing more to it.",
                Access::submit, "", {kId}, {{204, "Gone.", "", ""}, kNotFound}, remove);
  endpoints.add(post, "/v1/webhooks/{id}/rotate", "rotateWebhookSecret",
                "A new secret, shown this once; for 24 hours messages are signed with both.",
                Access::submit, "", {kId},
                {{200, "The webhook with its new secret.", kJson, "Webhook"}, kNotFound}, rotate);
  endpoints.add(post, "/v1/webhooks/{id}/enable", "enableWebhook",
                "Send to it again after it was disabled.", Access::submit, "", {kId},
                {{200, "The webhook.", kJson, "Webhook"}, kNotFound}, enable);
  return endpoints.take();
}

}  // namespace selvage::app
