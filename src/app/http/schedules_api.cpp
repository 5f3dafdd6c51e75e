// /schedules: look at, add, change, remove, switch and fire schedules.
#include <boost/json.hpp>

#include "app/beat_role.hpp"
#include "app/http/api_parts.hpp"
#include "app/schedule_json.hpp"
#include "data/database_time.hpp"
#include "schedule/firing.hpp"

namespace selvage::app {

namespace {

constexpr std::size_t kShownFires = 50;

net::Response no_content() {
  net::Response response;
  response.status = 204;
  return response;
}

Task<net::Response> list(ApiParts parts, net::Request request, Principal) {
  auto rows = co_await parts.platform.database->read(
      [](data::Transaction& tx) { return schedule::list_entries(tx); });
  if (!rows) co_return net::Response::problem(rows.error(), request);
  json::array entries;
  for (const schedule::EntryRow& row : *rows) entries.push_back(schedule_json(row));
  co_return net::Response::json(200, json::dump(json::object{{"schedules", std::move(entries)}}));
}

struct Shown {
  std::optional<schedule::EntryRow> row;
  std::vector<schedule::FireRow> fires;
};

Task<net::Response> show(ApiParts parts, net::Request request, Principal) {
  const std::string name(request.param("name"));
  auto shown =
      co_await parts.platform.database->read([&name](data::Transaction& tx) -> Result<Shown> {
        return Shown{TRY(schedule::find_entry(tx, name)),
                     TRY(schedule::last_fires(tx, name, kShownFires))};
      });
  if (!shown) co_return net::Response::problem(shown.error(), request);
  if (!shown->row) {
    co_return net::Response::problem(
        {ErrorKind::not_found, "schedule.unknown", fmt::format("there is no schedule {}", name),
         "see them: GET /schedules", nullptr},
        request);
  }
  json::value body = schedule_json(*shown->row);
  json::array fires;
  for (const schedule::FireRow& fire : shown->fires) fires.push_back(fire_json(fire));
  body.get_object()["last_fires"] = std::move(fires);
  co_return net::Response::json(200, json::dump(body));
}

// The entry of a request's body, with the name of its path.
Result<schedule::Entry> entry_of(const net::Request& request, const Settings& settings) {
  json::value body = TRY(json::parse(request.body));
  if (auto* object = body.if_object()) {
    const json::value name(request.param("name"));
    const json::value* given = object->if_contains("name");
    if (given != nullptr && *given != name) {
      return fail(ErrorKind::invalid, "schedule.entry", "name: is another than the path's");
    }
    (*object)["name"] = name;
  }
  return schedule::parse_entry(body, "", schedule_rules(settings));
}

Task<net::Response> put(ApiParts parts, net::Request request, Principal principal) {
  auto entry = entry_of(request, parts.platform.settings);
  if (!entry) co_return net::Response::problem(entry.error(), request);
  auto saved = co_await parts.platform.database->write(
      [&entry](data::Transaction& tx) -> Result<std::optional<schedule::EntryRow>> {
        TRY(schedule::save_entry(tx, *entry, schedule::Source::database,
                                 TRY(data::database_time(tx))));
        return schedule::find_entry(tx, entry->name);
      });
  if (!saved) co_return net::Response::problem(saved.error(), request);
  request.log.info("schedule_saved", {{"schedule", entry->name}, {"by", principal.key_id}});
  co_return net::Response::json(200, json::dump(schedule_json(**saved)));
}

Task<net::Response> remove(ApiParts parts, net::Request request, Principal principal) {
  const std::string name(request.param("name"));
  auto removed = co_await parts.platform.database->write(
      [&name](data::Transaction& tx) { return schedule::remove_entry(tx, name); });
  if (!removed) co_return net::Response::problem(removed.error(), request);
  request.log.info("schedule_removed", {{"schedule", name}, {"by", principal.key_id}});
  co_return no_content();
}

Task<net::Response> enable(ApiParts parts, net::Request request, Principal principal,
                           bool enabled) {
  const std::string name(request.param("name"));
  auto done = co_await parts.platform.database->write([&](data::Transaction& tx) -> Result<void> {
    return schedule::enable_entry(tx, name, enabled, TRY(data::database_time(tx)));
  });
  if (!done) co_return net::Response::problem(done.error(), request);
  request.log.info("schedule_switched",
                   {{"schedule", name}, {"enabled", enabled}, {"by", principal.key_id}});
  co_return no_content();
}

[[clang::coro_wrapper]] Task<net::Response> turn_on(ApiParts parts, net::Request request,
                                                    Principal principal) {
  return enable(parts, std::move(request), std::move(principal), true);
}
[[clang::coro_wrapper]] Task<net::Response> turn_off(ApiParts parts, net::Request request,
                                                     Principal principal) {
  return enable(parts, std::move(request), std::move(principal), false);
}

Task<net::Response> run(ApiParts parts, net::Request request, Principal principal) {
  const std::string name(request.param("name"));
  const schedule::Outlet outlet = schedule_outlet(parts.platform);
  auto fired = co_await parts.platform.database->write(
      [&](data::Transaction& tx) { return schedule::fire_by_hand(tx, outlet, name); });
  if (!fired) co_return net::Response::problem(fired.error(), request);
  outlet.broker.notify();
  request.log.info("schedule_run", {{"schedule", name}, {"by", principal.key_id}});
  co_return net::Response::json(202, json::dump(json::object{{"task_id", *fired}}));
}

using Function = Task<net::Response> (*)(ApiParts, net::Request, Principal);

}  // namespace

std::vector<Endpoint> schedule_endpoints(ApiParts parts) {
  using enum net::Method;
  constexpr std::string_view kJson = "application/json";
  constexpr std::string_view kProblem = "application/problem+json";
  const ParameterDoc name{"path", "name", R"({"type":"string"})", "The schedule's name."};
  const ResponseDoc unknown{404, "No such schedule.", kProblem, "Problem"};
  std::vector<Endpoint> endpoints;
  const auto add = [&](net::Method method, std::string_view pattern, std::string_view id,
                       std::string_view summary, std::string_view request_schema,
                       std::vector<ResponseDoc> responses, Function function) {
    endpoints.push_back(
        {.method = method,
         .pattern = pattern,
         .id = id,
         .tag = "schedules",
         .summary = summary,
         .access = Access::admin,
         .parameters = pattern.contains("{name}") ? std::vector{name} : std::vector<ParameterDoc>{},
         .request_schema = request_schema,
         .responses = std::move(responses),
         .handler =
             [parts, function] [[clang::coro_wrapper]] (net::Request request, Principal principal) {
               return function(parts, std::move(request), std::move(principal));
             },
         .max_body = 256_KiB});
  };
  add(get, "/schedules", "listSchedules", "All schedules with their next times.", "",
      {{200, "The schedules.", kJson, "Schedules"}}, list);
  add(get, "/schedules/{name}", "getSchedule", "One schedule and its latest fires.", "",
      {{200, "The schedule.", kJson, "ScheduleWithFires"}, unknown}, show);
  add(put, "/schedules/{name}", "saveSchedule", "Add a schedule, or replace the one of that name.",
      "ScheduleRequest",
      {{200, "Saved.", kJson, "Schedule"},
       {409, "The name belongs to an entry of SCHEDULE_FILE.", kProblem, "Problem"}},
      app::put);
  add(delete_, "/schedules/{name}", "removeSchedule", "Remove a schedule.", "",
      {{204, "Removed.", "", ""}, unknown}, remove);
  add(post, "/schedules/{name}/enable", "enableSchedule", "Let a schedule fire again.", "",
      {{204, "It fires from its next time on.", "", ""}, unknown}, turn_on);
  add(post, "/schedules/{name}/disable", "disableSchedule", "Stop a schedule from firing.", "",
      {{204, "It does not fire.", "", ""}, unknown}, turn_off);
  add(post, "/schedules/{name}/run", "runSchedule", "Send its task now, beside the schedule.", "",
      {{202, "The task is in its queue.", kJson, "ScheduleRun"}, unknown}, run);
  return endpoints;
}

}  // namespace selvage::app
