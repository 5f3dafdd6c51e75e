// POST /v1/jobs and its relatives: submit, look, list, cancel, retry, fetch the result, credits.
#include <boost/json.hpp>

#include "app/http/api_parts.hpp"
#include "app/http/job_filter.hpp"
#include "app/http/job_json.hpp"
#include "app/http/job_request.hpp"
#include "app/http/refusal.hpp"
#include "app/http/visible_job.hpp"
#include "tryon/cancel.hpp"

namespace selvage::app {

namespace {

constexpr std::int64_t kMostCounted = 1000;  // jobs ahead in the line that are still counted

struct JobsApi {
  ApiParts parts;
  JobRequestRules rules;
  seconds url_lifetime;

  JobView view(const Principal& principal) const {
    return {*parts.platform.storage, url_lifetime, principal.admin};
  }
};
using Shared = std::shared_ptr<const JobsApi>;  // each endpoint's handler holds it

Task<net::Response> accepted(Shared api, Principal principal, tryon::Accepted accepted) {
  const std::string location = "/v1/jobs/" + accepted.session.id;
  const auto body = co_await job_json(api->view(principal), std::move(accepted.session));
  net::Response response = net::Response::json(accepted.replayed ? 200 : 202, json::dump(body));
  response.headers.set("Location", location);
  if (accepted.replayed) response.headers.set("Idempotency-Replayed", "true");
  api->parts.feed.poke();
  co_return response;
}

Task<net::Response> submit(Shared api, net::Request request, Principal principal) {
  auto job = read_job_request(request, principal, api->rules);
  if (!job) co_return net::Response::problem(job.error(), request);
  request.body = {};  // the pictures were copied out; a waiting request need not hold them twice
  auto outcome = co_await api->parts.acceptance.accept(std::move(*job));
  if (!outcome) co_return refusal(api->parts, outcome.error(), request);
  co_return co_await accepted(api, std::move(principal), std::move(*outcome));
}

Task<net::Response> show(Shared api, net::Request request, Principal principal) {
  auto session = co_await find_visible_job(*api->parts.platform.database,
                                           std::string(request.param("id")), principal);
  if (!session) co_return net::Response::problem(session.error(), request);
  std::optional<std::int64_t> before;  // a queue that cannot be counted cheaply is left out
  if (session->status == tryon::SessionStatus::queued) {
    const auto counted = co_await api->parts.platform.database->read(
        [&](data::Transaction& tx) { return tryon::waiting_before(tx, *session, kMostCounted); });
    if (counted) before = *counted;
  }
  json::value body = co_await job_json(api->view(principal), std::move(*session));
  if (before) body.as_object()["queue_position"] = *before + 1;
  co_return net::Response::json(200, json::dump(body));
}

// 200: it is cancelled. 202: its worker was asked to stop.
Task<net::Response> cancel(Shared api, net::Request request, Principal principal) {
  ApiParts parts = api->parts;
  auto session = co_await find_visible_job(*parts.platform.database,
                                           std::string(request.param("id")), principal);
  if (!session) co_return net::Response::problem(session.error(), request);
  auto cancelled = co_await tryon::cancel_job(*parts.platform.database, *parts.platform.broker,
                                              session->owner, session->id, &parts.platform.metrics);
  if (!cancelled) co_return net::Response::problem(cancelled.error(), request);
  parts.feed.poke();
  const int status = tryon::is_terminal(cancelled->status) ? 200 : 202;
  const auto body = co_await job_json(api->view(principal), std::move(*cancelled));
  co_return net::Response::json(status, json::dump(body));
}

Task<net::Response> result(Shared api, net::Request request, Principal principal) {
  auto session = co_await find_visible_job(*api->parts.platform.database,
                                           std::string(request.param("id")), principal);
  if (!session) co_return net::Response::problem(session.error(), request);
  if (session->status != tryon::SessionStatus::completed || !session->result_key) {
    co_return net::Response::problem(
        {ErrorKind::conflict, "job.not_completed",
         fmt::format("the job is {}, so it has no picture", name(session->status)),
         "wait for status completed: GET /v1/jobs/{id}/events", nullptr},
        request);
  }
  auto url =
      co_await api->parts.platform.storage->signed_url(*session->result_key, api->url_lifetime);
  if (!url) co_return net::Response::problem(url.error(), request);
  co_return net::Response::redirect(302, std::move(*url));
}

Task<net::Response> list(Shared api, net::Request request, Principal principal) {
  const auto query = read_job_list_query(request, principal);
  if (!query) co_return net::Response::problem(query.error(), request);
  auto page = co_await api->parts.platform.database->read([&query](data::Transaction& tx) {
    return tryon::list_sessions(tx, query->filter, query->limit, query->cursor);
  });
  if (!page) co_return net::Response::problem(page.error(), request);
  json::array jobs = co_await jobs_json(api->view(principal), std::move(page->sessions));
  json::object body{{"jobs", std::move(jobs)}, {"next_cursor", nullptr}};
  if (page->next_cursor) body["next_cursor"] = *page->next_cursor;
  co_return net::Response::json(200, json::dump(body));
}

Task<net::Response> retry(Shared api, net::Request request, Principal principal) {
  auto session = co_await find_visible_job(*api->parts.platform.database,
                                           std::string(request.param("id")), principal);
  if (!session) co_return net::Response::problem(session.error(), request);
  auto outcome = co_await api->parts.acceptance.retry(std::move(*session), request.request_id,
                                                      trace_of(request));
  if (!outcome) co_return refusal(api->parts, outcome.error(), request);
  co_return co_await accepted(api, std::move(principal), std::move(*outcome));
}

Task<net::Response> credits(Shared api, net::Request request, Principal principal) {
  if (!principal.owner) {
    co_return net::Response::problem(
        {ErrorKind::invalid, "credits.no_owner", "this key belongs to no owner",
         "operators read all balances at /v1/console/credits", nullptr},
        request);
  }
  auto found = co_await api->parts.platform.database->read(
      [&](data::Transaction& tx) { return tryon::balance(tx, *principal.owner); });
  if (!found) co_return net::Response::problem(found.error(), request);
  co_return net::Response::json(200, json::dump(balance_json(*found)));
}

using Method = Task<net::Response> (*)(Shared, net::Request, Principal);
auto bind(Shared api, Method method) {
  return [api, method] [[clang::coro_wrapper]] (net::Request request, Principal principal) {
    return method(api, std::move(request), std::move(principal));
  };
}

constexpr ParameterDoc kJobId{"path", "id", R"({"type":"string"})", "The job's id."};
constexpr ResponseDoc kNotFound{404, "No such job, or another owner's.", "application/problem+json",
                                "Problem"};

}  // namespace

std::vector<Endpoint> job_endpoints(ApiParts parts) {
  const Settings& settings = parts.platform.settings;
  const ByteCount max_upload = settings.bytes("HTTP_MAX_UPLOAD");
  auto api = std::make_shared<const JobsApi>(
      parts,
      JobRequestRules{Credits{settings.integer("JOB_CREDITS")}, settings.bytes("EGRESS_MAX_BYTES")},
      std::chrono::duration_cast<seconds>(settings.duration("RESULT_URL_LIFETIME")));

  std::vector<Endpoint> endpoints;
  endpoints.push_back(
      {.method = net::Method::post,
       .pattern = "/v1/jobs",
       .id = "submitJob",
       .tag = "jobs",
       .summary = "Submit a try-on job. Accepted means: session stored, credits charged, task "
                  "queued, all in one commit.",
       .access = Access::submit,
       .parameters = {{"header", "Idempotency-Key", R"({"type":"string","maxLength":255})",
                       "Makes a repeated submission return the first job."}},
       .request_schema = "JobRequest",
       .form_schema = "JobForm",
       .responses = {{202, "Accepted.", "application/json", "Job"},
                     {200, "The same Idempotency-Key and body were accepted before.",
                      "application/json", "Job"},
                     {402, "The balance is too small.", "application/problem+json", "Problem"},
                     {409, "The session id exists.", "application/problem+json", "Problem"},
                     {422, "A URL may not be fetched, or the key was used with another body.",
                      "application/problem+json", "Problem"},
                     {429,
                      "The queue is full (queue_position, estimated_wait_s say how full), or the "
                      "owner has sent its jobs of the day. Retry-After says when to come back.",
                      "application/problem+json", "Problem"}},
       .handler = bind(api, submit),
       .max_body = max_upload});
  endpoints.push_back(
      {.method = net::Method::get,
       .pattern = "/v1/jobs",
       .id = "listJobs",
       .tag = "jobs",
       .summary = "Jobs, newest first.",
       .access = Access::read,
       .parameters =
           {{"query", "limit", R"({"type":"integer","minimum":1,"maximum":200,"default":50})",
             "Jobs in one page."},
            {"query", "cursor", R"({"type":"string"})", "next_cursor of the page before."},
            {"query", "status",
             R"({"type":"string","enum":["queued","processing","completed","failed"]})", ""},
            {"query", "channel", R"({"type":"string","enum":["b2b","b2c"]})", ""},
            {"query", "owner", R"({"type":"string"})", "A store or user id; needs channel."},
            {"query", "created_from", R"({"type":"string","format":"date-time"})", "Inclusive."},
            {"query", "created_to", R"({"type":"string","format":"date-time"})", "Exclusive."}},
       .responses = {{200, "A page.", "application/json", "JobPage"}},
       .handler = bind(api, list)});
  endpoints.push_back({.method = net::Method::get,
                       .pattern = "/v1/jobs/{id}",
                       .id = "getJob",
                       .tag = "jobs",
                       .summary = "One job.",
                       .access = Access::read,
                       .parameters = {kJobId},
                       .responses = {{200, "The job.", "application/json", "Job"}, kNotFound},
                       .handler = bind(api, show)});
  endpoints.push_back(
      {.method = net::Method::get,
       .pattern = "/v1/jobs/{id}/result",
       .id = "getJobResult",
       .tag = "jobs",
       .summary = "Redirects to the picture by a signed URL.",
       .access = Access::read,
       .parameters = {kJobId},
       .responses = {{302, "The picture's URL is in Location.", "", ""},
                     {409, "The job has no picture.", "application/problem+json", "Problem"},
                     kNotFound},
       .handler = bind(api, result)});
  endpoints.push_back(
      {.method = net::Method::post,
       .pattern = "/v1/jobs/{id}/cancel",
       .id = "cancelJob",
       .tag = "jobs",
       .summary = "Stop a job and return its credits. One that is being worked on stops before the "
                  "provider is called; once it was, the picture is finished and the job completes.",
       .access = Access::submit,
       .parameters = {kJobId},
       .responses = {{200, "It is cancelled: failed with the code cancelled, refunded.",
                      "application/json", "Job"},
                     {202, "Its worker was asked to stop; watch the job.", "application/json",
                      "Job"},
                     {409, "The job is over.", "application/problem+json", "Problem"},
                     kNotFound},
       .handler = bind(api, cancel)});
  endpoints.push_back(
      {.method = net::Method::post,
       .pattern = "/v1/jobs/{id}/retry",
       .id = "retryJob",
       .tag = "jobs",
       .summary = "A new job from the inputs of a failed one; it is charged anew.",
       .access = Access::submit,
       .parameters = {kJobId},
       .responses = {{202, "The new job.", "application/json", "Job"},
                     {200, "It was retried before: that job.", "application/json", "Job"},
                     {402, "The balance is too small.", "application/problem+json", "Problem"},
                     {409, "The job did not fail, or its pictures are gone.",
                      "application/problem+json", "Problem"},
                     {429, "The queue is full, or the owner has sent its jobs of the day.",
                      "application/problem+json", "Problem"},
                     kNotFound},
       .handler = bind(api, retry)});
  endpoints.push_back(
      {.method = net::Method::get,
       .pattern = "/v1/credits",
       .id = "getCredits",
       .tag = "credits",
       .summary = "The balance of the key's owner.",
       .access = Access::read,
       .responses = {{200, "The balance.", "application/json", "Balance"},
                     {400, "The key belongs to no owner.", "application/problem+json", "Problem"}},
       .handler = bind(api, credits)});
  return endpoints;
}

}  // namespace selvage::app
