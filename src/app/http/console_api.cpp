// What the console reads and does beyond the public API: sign-in, overview, charts, credits, dead
// letters.
#include <boost/json.hpp>
#include <charconv>

#include "app/build_info.hpp"
#include "app/http/api_parts.hpp"
#include "app/http/job_json.hpp"
#include "app/http/login_guard.hpp"
#include "app/http/sse.hpp"
#include "app/queues.hpp"
#include "base/text.hpp"

namespace selvage::app {

namespace {

constexpr std::size_t kMaxDiscrepancies = 20;
constexpr milliseconds kQueueEventStep{2000};

struct ConsoleApi {
  ApiParts parts;
  seconds url_lifetime;
  Timestamp started_at;
  bool secure_cookie;
  std::shared_ptr<LoginGuard> guard;  // shared by the copies of the handlers
};
using Shared = std::shared_ptr<const ConsoleApi>;

net::Response no_content() {
  net::Response response;
  response.status = 204;
  return response;
}

std::string cookie_header(const ConsoleApi& api, std::string_view value, std::int64_t max_age) {
  return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{}", kConsoleCookie,
                     value, max_age, api.secure_cookie ? "; Secure" : "");
}

Task<net::Response> login(Shared api, net::Request request, Principal) {
  if (!api->guard->may_try()) {
    co_return net::Response::problem(
        {ErrorKind::rate_limited, "console.too_many_tries", "too many wrong login codes",
         "wait a minute, then sign in with a fresh code: selvage console-login", nullptr},
        request);
  }
  auto body = json::parse(request.body);
  if (!body) co_return net::Response::problem(body.error(), request);
  json::Reader reader(*body, "");
  const std::string code = reader.text("code", {.min = 1, .max = 200});
  if (auto bad = reader.finish()) co_return net::Response::problem(*bad, request);
  auto used = co_await api->parts.platform.database->write(
      [&code](data::Transaction& tx) { return use_login_code(tx, code); });
  if (!used) co_return net::Response::problem(used.error(), request);
  if (!*used) {
    api->guard->was_wrong();
    request.log.warning("console_login_refused", {{"peer", request.peer}});
    co_return net::Response::problem(
        {ErrorKind::unauthenticated, "console.code",
         "this login code is unknown, used or older than an hour",
         "make a fresh one on the server: selvage console-login", nullptr},
        request);
  }
  request.log.info("console_login", {{"peer", request.peer}});
  net::Response response = no_content();
  response.headers.set("Set-Cookie", cookie_header(*api, api->parts.console_sessions.issue(),
                                                   kConsoleSessionLife.count()));
  co_return response;
}

Task<net::Response> logout(Shared api, net::Request request, Principal) {
  const std::string cookie(request.cookie(kConsoleCookie));
  if (api->parts.console_sessions.valid(cookie)) {
    auto ended = co_await api->parts.platform.database->write(
        [&cookie](data::Transaction& tx) { return end_console_session(tx, cookie); });
    if (!ended) co_return net::Response::problem(ended.error(), request);
    api->parts.authenticator.forget_cookie(cookie);
  }
  net::Response response = no_content();
  response.headers.set("Set-Cookie", cookie_header(*api, "", 0));
  co_return response;
}

Task<net::Response> session(Shared api, net::Request, Principal) {
  co_return net::Response::json(
      200, json::dump(json::object{{"signed_in", true},
                                   {"version", kVersion},
                                   {"provider", api->parts.provider},
                                   {"picture_origin", api->parts.platform.storage->public_origin()},
                                   {"started_at", to_rfc3339(api->started_at)}}));
}

json::object counts_json(const tryon::StatusCounts& counts) {
  return {{"queued", counts.queued},
          {"processing", counts.processing},
          {"completed", counts.completed},
          {"failed", counts.failed}};
}

json::array queues_json(const std::vector<work::QueueDepth>& depths) {
  json::array list;
  for (const work::QueueDepth& depth : depths) list.push_back(queue_json(depth));
  return list;
}

struct OverviewData {
  tryon::StatusCounts counts;
  std::vector<work::WorkerRow> workers;
  std::vector<std::string> discrepancies;
};

Result<OverviewData> read_overview(data::Transaction& tx) {
  return OverviewData{TRY(tryon::count_sessions(tx)), TRY(work::list_workers(tx)),
                      TRY(tryon::ledger_discrepancies(tx))};
}

Task<net::Response> overview(Shared api, net::Request request, Principal) {
  auto found = co_await api->parts.platform.database->read(read_overview);
  if (!found) co_return net::Response::problem(found.error(), request);
  auto depths = co_await queue_depths(api->parts.platform);
  if (!depths) co_return net::Response::problem(depths.error(), request);
  json::array workers;
  for (const work::WorkerRow& row : found->workers) workers.push_back(worker_json(row));
  json::array discrepancies;
  for (const std::string& sentence : found->discrepancies) {
    if (discrepancies.size() == kMaxDiscrepancies) break;
    discrepancies.emplace_back(sentence);
  }
  co_return net::Response::json(
      200, json::dump(json::object{
               {"counts", counts_json(found->counts)},
               {"queues", queues_json(*depths)},
               {"workers", std::move(workers)},
               {"ledger", json::object{{"exact", found->discrepancies.empty()},
                                       {"discrepancies", std::move(discrepancies)}}}}));
}

Task<net::Response> timeline(Shared api, net::Request request, Principal) {
  int minutes = 30;
  if (const auto text = request.query_value("minutes")) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), minutes);
    if (error != std::errc() || end != text->data() + text->size() || minutes < 1 || minutes > 60) {
      co_return net::Response::problem({ErrorKind::invalid,
                                        "timeline.minutes",
                                        "minutes must be a number from 1 to 60",
                                        {},
                                        nullptr},
                                       request);
    }
  }
  json::array points;
  for (const TimelinePoint& point : api->parts.timeline.last(std::chrono::minutes(minutes))) {
    points.push_back(json::object{{"at", to_rfc3339(point.at)},
                                  {"ready", point.ready},
                                  {"leased", point.leased},
                                  {"completed", point.completed},
                                  {"failed", point.failed},
                                  {"p50_ms", point.p50_ms},
                                  {"p95_ms", point.p95_ms}});
  }
  co_return net::Response::json(200, json::dump(json::object{{"step_ms", kTimelineStep.count()},
                                                             {"points", std::move(points)}}));
}

Task<net::Response> credits(Shared api, net::Request request, Principal) {
  auto found = co_await api->parts.platform.database->read(
      [](data::Transaction& tx) { return tryon::balances(tx, tryon::kMaxPage); });
  if (!found) co_return net::Response::problem(found.error(), request);
  json::array list;
  for (const tryon::Balance& balance : *found) list.push_back(balance_json(balance));
  co_return net::Response::json(200, json::dump(json::object{{"balances", std::move(list)}}));
}

Task<net::Response> grant(Shared api, net::Request request, Principal principal) {
  auto body = json::parse(request.body);
  if (!body) co_return net::Response::problem(body.error(), request);
  json::Reader reader(*body, "");
  const std::string channel = reader.choice("channel", {"b2b", "b2c"});
  const std::string owner_id = reader.text("owner", {.max = 128});
  const std::int64_t amount = reader.integer("amount", {.min = 1, .max = 1'000'000});
  const std::string reason = reader.text("reason", {.max = 200});
  if (auto bad = reader.finish()) co_return net::Response::problem(*bad, request);
  const auto parsed = tryon::parse_owner(channel, owner_id);
  if (!parsed) co_return net::Response::problem(parsed.error(), request);
  const tryon::Owner& owner = *parsed;
  auto balance = co_await api->parts.platform.database->write(
      [&](data::Transaction& tx) -> Result<tryon::Balance> {
        TRY(tryon::grant_credits(tx, owner, Credits{amount}, reason));
        return tryon::balance(tx, owner);
      });
  if (!balance) co_return net::Response::problem(balance.error(), request);
  request.log.info(
      "credits_granted",
      {{"channel", channel}, {"owner", owner_id}, {"amount", amount}, {"by", principal.key_id}});
  co_return net::Response::json(200, json::dump(balance_json(*balance)));
}

Task<net::Response> dead(Shared api, net::Request request, Principal) {
  json::array list;
  for (std::string& queue : known_queues(api->parts.platform)) {
    auto tasks =
        co_await api->parts.platform.broker->list(std::move(queue), "dead", tryon::kMaxPage, "");
    if (!tasks) co_return net::Response::problem(tasks.error(), request);
    for (const work::TaskView& task : *tasks) list.push_back(task_json(task));
  }
  co_return net::Response::json(200, json::dump(json::object{{"tasks", std::move(list)}}));
}

Task<net::Response> revive(Shared api, net::Request request, Principal) {
  const std::string id(request.param("id"));
  const std::string queue(request.query_value("queue").value_or(api->parts.platform.queue));
  auto revived = co_await api->parts.platform.broker->revive(queue, id);
  if (!revived) co_return net::Response::problem(revived.error(), request);
  if (!*revived) {
    co_return net::Response::problem({ErrorKind::not_found,
                                      "queue.not_dead",
                                      fmt::format("there is no dead task {}", in_quotes(id)),
                                      {},
                                      nullptr},
                                     request);
  }
  api->parts.platform.broker->notify();
  co_return no_content();
}

Task<bool> send_queues(Shared api, net::ResponseStream& stream) {
  auto counts = co_await api->parts.platform.database->read(
      [](data::Transaction& tx) { return tryon::count_sessions(tx); });
  auto depths = co_await queue_depths(api->parts.platform);
  if (!counts || !depths) co_return co_await stream.write(sse_keep_alive());
  co_return co_await stream.write(
      sse_event("queues", json::dump(json::object{{"queues", queues_json(*depths)},
                                                  {"counts", counts_json(*counts)}})));
}

Task<void> stream_everything(Shared api, net::ResponseStream& stream) {
  auto subscription = api->parts.feed.subscribe();
  const JobView view{*api->parts.platform.storage, api->url_lifetime, true};
  SteadyTime queues_due = steady_now();
  while (!stream.closed().cancelled()) {
    if (steady_now() >= queues_due) {
      queues_due = steady_now() + kQueueEventStep;
      if (!co_await send_queues(api, stream)) co_return;
    }
    for (tryon::Session& session :
         co_await subscription->next(Deadline{queues_due}.left(), stream.closed())) {
      const auto body = co_await job_json(view, std::move(session));
      if (!co_await stream.write(sse_event("job", json::dump(body)))) co_return;
    }
  }
}

Task<net::Response> events(Shared api, net::Request, Principal) {
  co_return sse_response([api] [[clang::coro_wrapper]] (net::ResponseStream & stream) {
    return stream_everything(api, stream);
  });
}

using Function = Task<net::Response> (*)(Shared, net::Request, Principal);

}  // namespace

std::vector<Endpoint> console_endpoints(ApiParts parts) {
  const Settings& settings = parts.platform.settings;
  auto api = std::make_shared<const ConsoleApi>(
      parts, std::chrono::duration_cast<seconds>(settings.duration("RESULT_URL_LIFETIME")), now(),
      settings.text("PUBLIC_BASE_URL").starts_with("https://"), std::make_shared<LoginGuard>());
  std::vector<Endpoint> endpoints;
  const auto add = [&](net::Method method, std::string_view pattern, std::string_view id,
                       std::string_view summary, Access access, std::string_view request_schema,
                       std::vector<ParameterDoc> parameters, std::vector<ResponseDoc> responses,
                       Function function) {
    endpoints.push_back({.method = method,
                         .pattern = pattern,
                         .id = id,
                         .tag = "console",
                         .summary = summary,
                         .access = access,
                         .parameters = std::move(parameters),
                         .request_schema = request_schema,
                         .responses = std::move(responses),
                         .handler = [api, function] [[clang::coro_wrapper]] (net::Request request,
                                                                             Principal principal) {
                           return function(api, std::move(request), std::move(principal));
                         }});
  };
  using enum net::Method;
  constexpr std::string_view kJson = "application/json";
  constexpr std::string_view kProblem = "application/problem+json";
  add(post, "/v1/console/login", "signIn", "Sign in with a one-time code.", Access::open,
      "LoginRequest", {},
      {{204, "Signed in; the cookie is set.", "", ""},
       {401, "Wrong, used or old code.", kProblem, "Problem"},
       {429, "Too many wrong codes.", kProblem, "Problem"}},
      login);
  add(post, "/v1/console/logout", "signOut", "Forget the console's session.", Access::open, "", {},
      {{204, "Signed out.", "", ""}}, logout);
  add(get, "/v1/console/session", "getSession", "Who is signed in, and to what.", Access::admin, "",
      {}, {{200, "Signed in.", kJson, "ConsoleSession"}}, session);
  add(get, "/v1/console/overview", "getOverview",
      "Counts, queues, workers, and the ledger's check.", Access::admin, "", {},
      {{200, "Now.", kJson, "Overview"}}, overview);
  add(get, "/v1/console/timeline", "getTimeline", "The last minutes in steps, for charts.",
      Access::admin, "",
      {{"query", "minutes", R"({"type":"integer","minimum":1,"maximum":60,"default":30})", ""}},
      {{200, "The points, oldest first.", kJson, "Timeline"}}, timeline);
  add(get, "/v1/console/credits", "listBalances", "Balances of all owners.", Access::admin, "", {},
      {{200, "The balances.", kJson, "Balances"}}, credits);
  add(post, "/v1/console/credits", "grantCredits", "Give an owner credits.", Access::admin,
      "GrantRequest", {}, {{200, "The new balance.", kJson, "Balance"}}, grant);
  add(get, "/v1/console/dead", "listDeadLetters", "Tasks that were given up.", Access::admin, "",
      {}, {{200, "The tasks.", kJson, "DeadLetters"}}, dead);
  add(post, "/v1/console/dead/{id}/revive", "reviveDeadLetter", "Put a dead task back.",
      Access::admin, "",
      {{"path", "id", R"({"type":"string"})", "The task's id."},
       {"query", "queue", R"({"type":"string"})", "Its queue; the jobs' queue when left out."}},
      {{204, "It waits in the queue again.", "", ""},
       {404, "No such dead task.", kProblem, "Problem"}},
      revive);
  add(get, "/v1/console/events", "watchAll",
      "Every change of a job (`job`), and every two seconds "
      "the queues (`queues`), as server-sent events.",
      Access::admin, "", {}, {{200, "The stream.", "text/event-stream", ""}}, events);
  return endpoints;
}

}  // namespace selvage::app
