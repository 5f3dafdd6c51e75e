// /health, /ready, /workers, /queues with their pause and resume, /metrics.
#include <boost/json.hpp>

#include "app/component_health.hpp"
#include "app/http/api_parts.hpp"
#include "app/http/job_json.hpp"
#include "app/queues.hpp"

namespace selvage::app {

namespace {

Task<net::Response> health(ApiParts parts, net::Request, Principal) {
  co_return health_response(parts.board);
}

Task<net::Response> ready(ApiParts parts, net::Request, Principal) {
  co_return ready_response(parts.board);
}

Task<net::Response> workers(ApiParts parts, net::Request request, Principal) {
  auto rows = co_await parts.platform.database->read(
      [](data::Transaction& tx) { return work::list_workers(tx); });
  if (!rows) co_return net::Response::problem(rows.error(), request);
  json::array list;
  for (const work::WorkerRow& row : *rows) list.push_back(worker_json(row));
  co_return net::Response::json(200, json::dump(json::object{{"workers", std::move(list)}}));
}

Task<net::Response> queues(ApiParts parts, net::Request request, Principal) {
  auto depths = co_await queue_depths(parts.platform);
  if (!depths) co_return net::Response::problem(depths.error(), request);
  json::array list;
  for (const work::QueueDepth& depth : *depths) list.push_back(queue_json(depth));
  co_return net::Response::json(200, json::dump(json::object{{"queues", std::move(list)}}));
}

Task<net::Response> switch_queue(ApiParts parts, net::Request request, Principal principal,
                                 bool paused) {
  const std::string queue(request.param("name"));
  const auto switched = co_await pause_queue(parts.platform, queue, paused);
  if (!switched) co_return net::Response::problem(switched.error(), request);
  request.log.warning(paused ? "queue_paused" : "queue_resumed",
                      {{"queue", queue}, {"by", principal.key_id}});
  net::Response response;
  response.status = 204;
  co_return response;
}

[[clang::coro_wrapper]] Task<net::Response> pause(ApiParts parts, net::Request request,
                                                  Principal principal) {
  return switch_queue(parts, std::move(request), std::move(principal), true);
}

[[clang::coro_wrapper]] Task<net::Response> resume(ApiParts parts, net::Request request,
                                                   Principal principal) {
  return switch_queue(parts, std::move(request), std::move(principal), false);
}

Task<net::Response> metrics(ApiParts parts, net::Request, Principal) {
  co_return metrics_response(parts.platform.metrics);
}

using Function = Task<net::Response> (*)(ApiParts, net::Request, Principal);
auto bind(ApiParts parts, Function function) {
  return [parts, function] [[clang::coro_wrapper]] (net::Request request, Principal principal) {
    return function(parts, std::move(request), std::move(principal));
  };
}

}  // namespace

std::vector<Endpoint> operations_endpoints(ApiParts parts) {
  std::vector<Endpoint> endpoints;
  const auto add = [&](std::string_view pattern, std::string_view id, std::string_view summary,
                       Access access, std::vector<ResponseDoc> responses, Function function) {
    endpoints.push_back({.method = net::Method::get,
                         .pattern = pattern,
                         .id = id,
                         .tag = "operations",
                         .summary = summary,
                         .access = access,
                         .responses = std::move(responses),
                         .handler = bind(parts, function),
                         .traced = false});
  };
  add("/health", "getHealth",
      "\"ok\" only when every component works, else \"degraded\" and which one is not.",
      Access::open, {{200, "Answered, whatever the state.", "application/json", "Health"}}, health);
  add("/ready", "getReadiness", "Whether this instance should get traffic.", Access::open,
      {{200, "Ready.", "application/json", "Readiness"},
       {503, "A dependency is away; the checks say which.", "application/json", "Readiness"}},
      ready);
  add("/workers", "listWorkers", "Workers of all processes, with when they were last seen.",
      Access::operations, {{200, "The workers.", "application/json", "Workers"}}, workers);
  add("/queues", "listQueues", "Depth of each queue, empty ones too, and whether it is paused.",
      Access::operations, {{200, "The queues.", "application/json", "Queues"}}, queues);
  add("/metrics", "getMetrics", "Metrics in the Prometheus text format.", Access::operations,
      {{200, "The exposition.", "text/plain", ""}}, metrics);
  const auto add_switch = [&](std::string_view pattern, std::string_view id,
                              std::string_view summary, Function function) {
    endpoints.push_back(
        {.method = net::Method::post,
         .pattern = pattern,
         .id = id,
         .tag = "operations",
         .summary = summary,
         .access = Access::admin,
         .parameters = {{"path", "name", R"({"type":"string"})", "The queue's name."}},
         .responses = {{204, "Done; repeating it changes nothing.", "", ""},
                       {404, "No such queue.", "application/problem+json", "Problem"}},
         .handler = bind(parts, function)});
  };
  add_switch("/queues/{name}/pause", "pauseQueue",
             "Hand out no tasks of a queue; what runs goes on, and new ones are still taken.",
             pause);
  add_switch("/queues/{name}/resume", "resumeQueue", "Hand out a paused queue's tasks again.",
             resume);
  return endpoints;
}

}  // namespace selvage::app
