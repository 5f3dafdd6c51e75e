// GET /v1/jobs/{id}/events: the states of one job as they come.
#include <boost/json.hpp>

#include "app/http/api_parts.hpp"
#include "app/http/job_json.hpp"
#include "app/http/sse.hpp"
#include "app/http/visible_job.hpp"

namespace selvage::app {

namespace {

struct Watch {
  ApiParts parts;
  JobView view;
  std::string id;
};

Task<Result<std::optional<tryon::Session>>> read_session(ApiParts parts, std::string id) {
  co_return co_await parts.platform.database->read(
      [&id](data::Transaction& tx) { return tryon::find_session(tx, id); });
}

Task<bool> send_state(net::ResponseStream& stream, JobView view, std::string_view event,
                      tryon::Session session) {
  const std::string id = fmt::format("{}-{}", session.id, to_unix_ms(session.updated_at));
  const bool last = tryon::is_terminal(session.status);
  const auto body = co_await job_json(view, std::move(session));
  std::string text = sse_event(event, json::dump(body), id);
  if (last) text += sse_event("end", "{}");
  co_return co_await stream.write(std::move(text)) && !last;
}

// The subscription is made before the state is read, so no change falls between the two.
Task<void> watch_job(net::ResponseStream& stream, Watch watch) {
  auto subscription = watch.parts.feed.subscribe(watch.id);
  auto current = co_await read_session(watch.parts, watch.id);
  if (!current || !*current) co_return;
  tryon::SessionStatus told = (*current)->status;
  std::string state = shown_state(**current);
  if (!co_await send_state(stream, watch.view, "status", std::move(**current))) co_return;
  while (!stream.closed().cancelled()) {
    auto changes = co_await subscription->next(kSseKeepAlive, stream.closed());
    if (changes.empty()) {
      if (!co_await stream.write(sse_keep_alive())) co_return;
      // The feed may miss a transaction that took longer than it looks back.
      auto now = co_await read_session(watch.parts, watch.id);
      if (now && *now) changes.push_back(std::move(**now));
    }
    for (tryon::Session& session : changes) {
      if (shown_state(session) == state) continue;
      state = shown_state(session);
      const std::string_view event = session.status == told ? "progress" : "status";
      told = session.status;
      if (!co_await send_state(stream, watch.view, event, std::move(session))) co_return;
    }
  }
}

Task<net::Response> events(ApiParts parts, seconds url_lifetime, net::Request request,
                           Principal principal) {
  const std::string id(request.param("id"));
  const auto session = co_await find_visible_job(*parts.platform.database, id, principal);
  if (!session) co_return net::Response::problem(session.error(), request);
  Watch watch{parts, {*parts.platform.storage, url_lifetime, principal.admin}, id};
  co_return sse_response([watch = std::move(watch)] [[clang::coro_wrapper]] (
                             net::ResponseStream & stream) { return watch_job(stream, watch); });
}

}  // namespace

std::vector<Endpoint> job_event_endpoints(ApiParts parts) {
  const auto lifetime =
      std::chrono::duration_cast<seconds>(parts.platform.settings.duration("RESULT_URL_LIFETIME"));
  std::vector<Endpoint> endpoints;
  endpoints.push_back(
      {.method = net::Method::get,
       .pattern = "/v1/jobs/{id}/events",
       .id = "watchJob",
       .tag = "jobs",
       .summary = "The job's state now and at each change, as server-sent events `status`; what "
                  "moves in between comes as `progress`; the stream closes after `end`.",
       .access = Access::read,
       .parameters = {{"path", "id", R"({"type":"string"})", "The job's id."}},
       .responses = {{200, "The stream.", "text/event-stream", ""},
                     {404, "No such job, or another owner's.", "application/problem+json",
                      "Problem"}},
       .handler = [parts, lifetime] [[clang::coro_wrapper]] (net::Request request,
                                                             Principal principal) {
         return events(parts, lifetime, std::move(request), std::move(principal));
       }});
  return endpoints;
}

}  // namespace selvage::app
