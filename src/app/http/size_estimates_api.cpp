// /v1/size-estimates: a size as a task, for clients that do not want to wait for a slow picture
// host. The photo is named by its URL: what is uploaded is never kept.
#include <boost/json.hpp>

#include "app/http/api_parts.hpp"
#include "app/http/endpoint_list.hpp"
#include "app/http/refusal.hpp"
#include "app/http/size_form.hpp"
#include "base/id.hpp"
#include "base/text.hpp"
#include "sizing/estimate_table.hpp"
#include "sizing/sizing_task.hpp"

namespace selvage::app {

namespace {

json::object estimate_json(const sizing::SizeEstimate& estimate) {
  const char* const status = estimate.answer ? "completed" : estimate.error ? "failed" : "queued";
  json::object shown{{"id", estimate.id},
                     {"status", status},
                     {"created_at", to_rfc3339(estimate.created_at)},
                     {"finished_at", nullptr},
                     {"answer", nullptr},
                     {"error", nullptr}};
  if (estimate.finished_at) shown["finished_at"] = to_rfc3339(*estimate.finished_at);
  if (estimate.answer) shown["answer"] = boost::json::parse(*estimate.answer);
  if (estimate.error) {
    shown["error"] = json::object{{"code", estimate.error->code},
                                  {"message", estimate.error->message},
                                  {"hint", estimate.error->hint}};
  }
  return shown;
}

Result<sizing::SizingTask> read_task(const ApiParts& parts, const net::Request& request,
                                     const Principal& principal) {
  const auto owner = TRY(owner_of_charts(request, principal));
  const json::value body = TRY(json::parse(request.body));
  sizing::SizingTask task{.task_id = new_uuid(),
                          .request = TRY(sizing::parse_size_request(body, false)),
                          .trace = trace_of(request)};
  if (owner) {
    task.channel = name(owner->channel);
    task.owner_id = owner->id;
  }
  const auto judged = parts.guard.check(task.request.image_url);
  if (!judged) return fail(as_size_problem(judged.error().within("image_url")));
  return task;
}

Task<net::Response> submit(ApiParts parts, net::Request request, Principal principal) {
  const auto task = read_task(parts, request, principal);
  if (!task) co_return net::Response::problem(task.error(), request);
  const std::string owner = task->owner();
  const work::NewTask queued{.id = task->task_id,
                             .queue = std::string(sizing::kSizingQueue),
                             .payload = task->to_json(),
                             .fair_key = owner};
  const auto begun = co_await parts.platform.database->write(
      [&](data::Transaction& tx) -> Result<sizing::SizeEstimate> {
        TRY(sizing::begin_estimate(tx, task->task_id, owner));
        TRY(parts.platform.broker->enqueue(tx, {&queued, 1}));
        return *TRY(sizing::find_estimate(tx, task->task_id));
      });
  if (!begun) co_return refusal(parts, begun.error(), request);
  parts.platform.broker->notify();
  net::Response response = net::Response::json(202, json::dump(estimate_json(*begun)));
  response.headers.set("Location", "/v1/size-estimates/" + task->task_id);
  co_return response;
}

Result<sizing::SizeEstimate> visible_estimate(data::Transaction& tx, const std::string& id,
                                              const Principal& principal) {
  auto found = TRY(sizing::find_estimate(tx, id));
  const bool visible =
      found &&
      (principal.admin || (principal.owner && tryon::owner_key(*principal.owner) == found->owner));
  if (visible) return std::move(*found);
  return fail(ErrorKind::not_found, "size_estimate.not_found",
              fmt::format("there is no size estimate {}", in_quotes(id)),
              "it was another owner's, deleted, or older than SIZING_RETENTION");
}

Task<net::Response> show(ApiParts parts, net::Request request, Principal principal) {
  const auto found = co_await parts.platform.database->read([&](data::Transaction& tx) {
    return visible_estimate(tx, std::string(request.param("id")), principal);
  });
  if (!found) co_return net::Response::problem(found.error(), request);
  co_return net::Response::json(200, json::dump(estimate_json(*found)));
}

Task<net::Response> remove(ApiParts parts, net::Request request, Principal principal) {
  const auto removed =
      co_await parts.platform.database->write([&](data::Transaction& tx) -> Result<bool> {
        const auto found = TRY(visible_estimate(tx, std::string(request.param("id")), principal));
        return sizing::drop_estimate(tx, found.id);
      });
  if (!removed) co_return net::Response::problem(removed.error(), request);
  net::Response response;
  response.status = 204;
  co_return response;
}

}  // namespace

std::vector<Endpoint> size_estimate_endpoints(ApiParts parts) {
  using enum net::Method;
  constexpr std::string_view kJson = "application/json";
  constexpr std::string_view kProblem = "application/problem+json";
  constexpr ParameterDoc kId{"path", "id", R"({"type":"string"})", "The estimate's id."};
  constexpr ResponseDoc kNotFound{404, "No such estimate, another owner's, or too old.", kProblem,
                                  "Problem"};
  EndpointList endpoints(parts, "sizing");
  endpoints.add(post, "/v1/size-estimates", "submitSizeEstimate",
                "Ask for a size without waiting for it: a task of the queue wearon:tasks:sizing.",
                Access::submit, "SizeRequest", {},
                {{202, "Accepted.", kJson, "SizeEstimate"},
                 {422, "The URL may not be fetched.", kProblem, "Problem"},
                 {429, "The queue is full; see Retry-After.", kProblem, "Problem"}},
                submit);
  endpoints.add(get, "/v1/size-estimates/{id}", "getSizeEstimate",
                "Whether the size is known, and which.", Access::read, "", {kId},
                {{200, "The estimate.", kJson, "SizeEstimate"}, kNotFound}, show);
  endpoints.add(delete_, "/v1/size-estimates/{id}", "deleteSizeEstimate",
                "Forget the answer now; one that waits is not looked for any more.", Access::submit,
                "", {kId}, {{204, "Gone.", "", ""}, kNotFound}, remove);
  return endpoints.take();
}

}  // namespace selvage::app
