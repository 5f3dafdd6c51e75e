// POST /v1/jobs/bulk: many jobs in one request, each accepted or refused for itself.
#include <boost/json.hpp>

#include "app/http/api_parts.hpp"
#include "app/http/job_json.hpp"
#include "app/http/job_request.hpp"
#include "app/http/refusal.hpp"
#include "base/text.hpp"

namespace selvage::app {

namespace {

constexpr ByteCount kMaxBody =
    6_MiB;  // 100 jobs of eight long URLs, a long prompt and options each

struct BulkApi {
  ApiParts parts;
  Credits price;
  seconds url_lifetime;
};
using Shared = std::shared_ptr<const BulkApi>;  // the endpoint's handler holds it

Result<std::vector<Result<tryon::JobRequest>>> read_bulk(const net::Request& request,
                                                         const Principal& principal,
                                                         Credits price) {
  const std::string type = to_lower_ascii(request.headers.get("content-type"));
  if (!type.starts_with("application/json")) {
    return fail(ErrorKind::unsupported, "job.content_type",
                fmt::format("Content-Type \"{}\" is not taken here", type),
                "send application/json; pictures are uploaded one job at a time to /v1/jobs");
  }
  if (request.headers.has("idempotency-key")) {
    return fail(ErrorKind::invalid, "job.idempotency_key",
                "a bulk request takes no Idempotency-Key header",
                "give each job an idempotency_key of its own");
  }
  const tryon::Owner owner = TRY(acting_owner(request, principal));
  auto jobs = TRY(tryon::parse_bulk_request(request.body, price));
  for (Result<tryon::JobRequest>& job : jobs) {
    if (!job) continue;
    job->owner = owner;
    job->request_id = request.request_id;
    job->trace = net::trace_of(request);
    const Result<void> fair = check_price(*job, principal, price);
    if (!fair) job = std::unexpected(fair.error());
  }
  return jobs;
}

Task<json::value> answer_of(Shared api, const net::Request& request, bool admin,
                            Result<tryon::Accepted> outcome) {
  if (!outcome) {
    co_return json::object{{"status", http_status(outcome.error().kind)},
                           {"problem", refusal_json(api->parts, outcome.error(), request)}};
  }
  const int status = outcome->replayed ? 200 : 202;
  json::value job = co_await job_json({*api->parts.platform.storage, api->url_lifetime, admin},
                                      std::move(outcome->session));
  co_return json::object{{"status", status}, {"job", std::move(job)}};
}

Task<net::Response> submit(Shared api, net::Request request, Principal principal) {
  auto jobs = read_bulk(request, principal, api->price);
  if (!jobs) co_return net::Response::problem(jobs.error(), request);
  request.body = {};
  auto outcomes = co_await api->parts.acceptance.accept_all(std::move(*jobs));
  json::array answers;
  std::int64_t accepted = 0;
  for (Result<tryon::Accepted>& outcome : outcomes) {
    if (outcome) ++accepted;
    answers.push_back(co_await answer_of(api, request, principal.admin, std::move(outcome)));
  }
  if (accepted > 0) api->parts.feed.poke();
  const auto refused = static_cast<std::int64_t>(answers.size()) - accepted;
  co_return net::Response::json(
      200, json::dump(json::object{
               {"accepted", accepted}, {"refused", refused}, {"jobs", std::move(answers)}}));
}

}  // namespace

std::vector<Endpoint> bulk_endpoints(ApiParts parts) {
  const Settings& settings = parts.platform.settings;
  auto api = std::make_shared<const BulkApi>(
      parts, Credits{settings.integer("JOB_CREDITS")},
      std::chrono::duration_cast<seconds>(settings.duration("RESULT_URL_LIFETIME")));
  std::vector<Endpoint> endpoints;
  endpoints.push_back(
      {.method = net::Method::post,
       .pattern = "/v1/jobs/bulk",
       .id = "submitJobs",
       .tag = "jobs",
       .summary =
           "Submit up to 100 jobs with URLs. Each is accepted or refused for itself, in order, "
           "and has its answer at its place.",
       .access = Access::submit,
       .request_schema = "BulkRequest",
       .responses = {{200, "What became of each job.", "application/json", "BulkAnswer"},
                     {415, "Not application/json.", "application/problem+json", "Problem"}},
       .handler =
           [api] [[clang::coro_wrapper]] (net::Request request, Principal principal) {
             return submit(api, std::move(request), std::move(principal));
           },
       .max_body = kMaxBody});
  return endpoints;
}

}  // namespace selvage::app
