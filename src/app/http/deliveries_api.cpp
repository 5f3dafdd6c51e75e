// /v1/webhooks/deliveries: what was sent, what came of it, and sending it once more.
#include <boost/json.hpp>
#include <charconv>

#include "app/http/api_parts.hpp"
#include "app/http/refusal.hpp"
#include "app/http/visible_job.hpp"
#include "app/http/webhook_json.hpp"
#include "app/http/webhook_scope.hpp"
#include "base/text.hpp"

namespace selvage::app {

namespace {

struct DeliveryQuery {
  tryon::DeliveryFilter filter;
  std::size_t limit = 50;
};

Result<DeliveryQuery> read_query(const net::Request& request, const Principal& principal) {
  DeliveryQuery query;
  if (!principal.admin) query.filter.owner = principal.owner;
  for (const auto& [key, value] : request.query) {
    if (key == "webhook") {
      query.filter.endpoint_id = value;
    } else if (key == "job") {
      query.filter.session_id = value;
    } else if (key == "cursor") {
      query.filter.before_id = value;
    } else if (key == "state") {
      query.filter.state = tryon::parse_delivery_state(value);
      if (!query.filter.state) {
        return fail(
            ErrorKind::invalid, "page.state",
            fmt::format("state must be pending, delivered or failed, is {}", in_quotes(value)));
      }
    } else if (key == "limit") {
      const char* const last = value.data() + value.size();
      const auto [end, error] = std::from_chars(value.data(), last, query.limit);
      const bool number = error == std::errc() && end == last;
      if (!number || query.limit < 1 || query.limit > tryon::kMaxPage) {
        return fail(ErrorKind::invalid, "page.limit",
                    fmt::format("limit must be a number from 1 to {}, is {}", tryon::kMaxPage,
                                in_quotes(value)));
      }
    } else {
      return fail(ErrorKind::invalid, "page.filter",
                  fmt::format("there is no filter {}", in_quotes(key)),
                  "filters: webhook, job, state, limit, cursor");
    }
  }
  return query;
}

Task<net::Response> list(ApiParts parts, net::Request request, Principal principal) {
  const auto query = read_query(request, principal);
  if (!query) co_return net::Response::problem(query.error(), request);
  auto page = co_await parts.platform.database->read([&](data::Transaction& tx) {
    return tryon::list_deliveries(tx, query->filter, query->limit);
  });
  if (!page) co_return net::Response::problem(page.error(), request);
  json::array deliveries;
  for (const tryon::Delivery& one : *page) deliveries.push_back(delivery_json(one));
  json::object body{{"deliveries", std::move(deliveries)}, {"next_cursor", nullptr}};
  if (page->size() == query->limit) body["next_cursor"] = page->back().id;
  co_return net::Response::json(200, json::dump(body));
}

Result<void> replay(data::Transaction& tx, work::Broker& broker, const tryon::Delivery& delivery) {
  if (TRY(tryon::replay_delivery(tx, broker, delivery))) return {};
  return fail(ErrorKind::conflict, "webhook.disabled",
              "the webhook of this delivery was removed or is disabled",
              "enable it: POST /v1/webhooks/{id}/enable");
}

// The dead letter that carried the delivery before has nothing to do any more; one that stays is
// answered so when somebody revives it.
Task<void> drop_dead_letter(work::Broker& broker, std::string task_id) {
  const auto dropped = co_await broker.discard_dead(std::string(tryon::kWebhookQueue), task_id);
  if (!dropped) log::warning("dead_letter_kept", dropped.error(), {{"task_id", task_id}});
}

Task<net::Response> replay_one(ApiParts parts, net::Request request, Principal principal) {
  work::Broker& broker = *parts.platform.broker;
  std::string old_task;
  auto again = co_await parts.platform.database->write(
      [&](data::Transaction& tx) -> Result<tryon::Delivery> {
        const auto found = TRY(visible_delivery(tx, std::string(request.param("id")), principal));
        old_task = found.task_id;
        TRY(replay(tx, broker, found));
        return visible_delivery(tx, found.id, principal);
      });
  if (!again) co_return refusal(parts, again.error(), request);
  broker.notify();
  co_await drop_dead_letter(broker, old_task);
  co_return net::Response::json(202, json::dump(delivery_json(*again)));
}

Task<net::Response> replay_of_job(ApiParts parts, net::Request request, Principal principal) {
  work::Broker& broker = *parts.platform.broker;
  auto session = co_await find_visible_job(*parts.platform.database,
                                           std::string(request.param("id")), principal);
  if (!session) co_return net::Response::problem(session.error(), request);
  auto replayed = co_await parts.platform.database->write(
      [&](data::Transaction& tx) -> Result<std::vector<tryon::Delivery>> {
        std::vector<tryon::Delivery> sent;
        const tryon::DeliveryFilter filter{.owner = session->owner, .session_id = session->id};
        for (tryon::Delivery& one : TRY(tryon::list_deliveries(tx, filter, tryon::kMaxPage))) {
          if (TRY(tryon::replay_delivery(tx, broker, one))) sent.push_back(std::move(one));
        }
        return sent;
      });
  if (!replayed) co_return refusal(parts, replayed.error(), request);
  broker.notify();
  for (const tryon::Delivery& one : *replayed) co_await drop_dead_letter(broker, one.task_id);
  co_return net::Response::json(
      202, json::dump(json::object{{"replayed", static_cast<std::int64_t>(replayed->size())}}));
}

}  // namespace

std::vector<Endpoint> delivery_endpoints(ApiParts parts) {
  using Function = Task<net::Response> (*)(ApiParts, net::Request, Principal);
  const auto bind = [parts](Function function) {
    return [parts, function] [[clang::coro_wrapper]] (net::Request request, Principal principal) {
      return function(parts, std::move(request), std::move(principal));
    };
  };
  constexpr std::string_view kProblem = "application/problem+json";
  std::vector<Endpoint> endpoints;
  endpoints.push_back(
      {.method = net::Method::get,
       .pattern = "/v1/webhooks/deliveries",
       .id = "listDeliveries",
       .tag = "webhooks",
       .summary = "What was sent to the owner's webhooks, newest first, with what came of it.",
       .access = Access::read,
       .parameters =
           {{"query", "webhook", R"({"type":"string"})", "Of this webhook."},
            {"query", "job", R"({"type":"string"})", "About this job."},
            {"query", "state", R"({"type":"string","enum":["pending","delivered","failed"]})", ""},
            {"query", "limit", R"({"type":"integer","minimum":1,"maximum":200,"default":50})", ""},
            {"query", "cursor", R"({"type":"string"})", "next_cursor of the page before."}},
       .responses = {{200, "A page.", "application/json", "DeliveryPage"}},
       .handler = bind(list)});
  endpoints.push_back(
      {.method = net::Method::post,
       .pattern = "/v1/webhooks/deliveries/{id}/replay",
       .id = "replayDelivery",
       .tag = "webhooks",
       .summary = "Send it once more, whatever became of it, with the same webhook-id.",
       .access = Access::submit,
       .parameters = {{"path", "id", R"({"type":"string"})", "The delivery's id."}},
       .responses = {{202, "It waits to be sent.", "application/json", "Delivery"},
                     {404, "No such delivery, or another owner's.", kProblem, "Problem"},
                     {409, "Its webhook is removed or disabled.", kProblem, "Problem"},
                     {429, "The queue is full.", kProblem, "Problem"}},
       .handler = bind(replay_one)});
  endpoints.push_back({.method = net::Method::post,
                       .pattern = "/v1/jobs/{id}/webhooks/replay",
                       .id = "replayJobDeliveries",
                       .tag = "webhooks",
                       .summary = "Send everything about this job once more.",
                       .access = Access::submit,
                       .parameters = {{"path", "id", R"({"type":"string"})", "The job's id."}},
                       .responses = {{202, "How many are sent.", "application/json", "Replayed"},
                                     {404, "No such job, or another owner's.", kProblem, "Problem"},
                                     {429, "The queue is full.", kProblem, "Problem"}},
                       .handler = bind(replay_of_job)});
  return endpoints;
}

}  // namespace selvage::app
