// /v1/size-charts: the size charts of stores.
#include <boost/json.hpp>

#include "app/http/api_parts.hpp"
#include "app/http/endpoint_list.hpp"
#include "app/http/job_request.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "sizing/chart_table.hpp"

namespace selvage::app {

namespace {

json::object chart_json(const sizing::KeptChart& kept) {
  json::object shown = boost::json::parse(sizing::to_json(kept.chart)).get_object();
  shown["id"] = kept.id;
  shown["created_at"] = to_rfc3339(kept.created_at);
  shown["updated_at"] = to_rfc3339(kept.updated_at);
  return shown;
}

Error unknown_chart(std::string_view id) {
  return {ErrorKind::not_found, "size_chart.not_found",
          fmt::format("there is no size chart {}", in_quotes(id)), "list them: GET /v1/size-charts",
          nullptr};
}

// The store whose charts are meant.
Result<std::string> store_of(const net::Request& request, const Principal& principal) {
  const tryon::Owner owner = TRY(acting_owner(request, principal));
  if (owner.channel == tryon::Channel::b2b) return tryon::owner_key(owner);
  return fail(ErrorKind::forbidden, "size_chart.no_store", "size charts belong to stores (b2b)",
              "use the key of a store");
}

Task<net::Response> list(ApiParts parts, net::Request request, Principal principal) {
  const auto store = store_of(request, principal);
  if (!store) co_return net::Response::problem(store.error(), request);
  const auto charts = co_await parts.platform.database->read(
      [&](data::Transaction& tx) { return sizing::list_charts(tx, *store); });
  if (!charts) co_return net::Response::problem(charts.error(), request);
  json::array shown;
  for (const sizing::KeptChart& kept : *charts) shown.push_back(chart_json(kept));
  co_return net::Response::json(200, json::dump(json::object{{"size_charts", std::move(shown)}}));
}

Task<net::Response> show(ApiParts parts, net::Request request, Principal principal) {
  const auto store = store_of(request, principal);
  if (!store) co_return net::Response::problem(store.error(), request);
  const std::string id(request.param("id"));
  const auto found = co_await parts.platform.database->read(
      [&](data::Transaction& tx) { return sizing::find_chart(tx, *store, id); });
  if (!found) co_return net::Response::problem(found.error(), request);
  if (!*found) co_return net::Response::problem(unknown_chart(id), request);
  co_return net::Response::json(200, json::dump(chart_json(**found)));
}

Task<net::Response> put(ApiParts parts, net::Request request, Principal principal) {
  const auto store = store_of(request, principal);
  if (!store) co_return net::Response::problem(store.error(), request);
  const auto chart = sizing::parse_size_chart(request.body);
  if (!chart) co_return net::Response::problem(chart.error(), request);
  const std::string id(request.param("id"));
  if (id == sizing::kStandardChart) {
    co_return net::Response::problem(
        {ErrorKind::invalid, "size_chart.id", "\"standard\" always means the chart of EN 13402-3",
         "give the chart another id; \"default\" is used when a request names none", nullptr},
        request);
  }
  bool is_new = false;
  const auto kept = co_await parts.platform.database->write(
      [&](data::Transaction& tx) -> Result<sizing::KeptChart> {
        is_new = TRY(sizing::keep_chart(tx, *store, id, *chart));
        return *TRY(sizing::find_chart(tx, *store, id));
      });
  if (!kept) co_return net::Response::problem(kept.error(), request);
  request.log.info("size_chart_kept", {{"owner", *store}, {"chart", id}});
  net::Response response = net::Response::json(is_new ? 201 : 200, json::dump(chart_json(*kept)));
  if (is_new) response.headers.set("Location", "/v1/size-charts/" + id);
  co_return response;
}

Task<net::Response> remove(ApiParts parts, net::Request request, Principal principal) {
  const auto store = store_of(request, principal);
  if (!store) co_return net::Response::problem(store.error(), request);
  const std::string id(request.param("id"));
  const auto removed = co_await parts.platform.database->write(
      [&](data::Transaction& tx) { return sizing::remove_chart(tx, *store, id); });
  if (!removed) co_return net::Response::problem(removed.error(), request);
  if (!*removed) co_return net::Response::problem(unknown_chart(id), request);
  request.log.info("size_chart_removed", {{"owner", *store}, {"chart", id}});
  net::Response response;
  response.status = 204;
  co_return response;
}

}  // namespace

std::vector<Endpoint> size_chart_endpoints(ApiParts parts) {
  constexpr std::string_view kJson = "application/json";
  constexpr std::string_view kProblem = "application/problem+json";
  constexpr ParameterDoc kId{"path", "id", R"({"type":"string","maxLength":64})",
                             "The chart's id, chosen by the store; \"default\" is its usual one."};
  constexpr ResponseDoc kNotFound{404, "No such chart.", kProblem, "Problem"};
  EndpointList endpoints(parts, "sizing");
  endpoints.add(net::Method::get, "/v1/size-charts", "listSizeCharts",
                "The store's size charts, by id.", Access::read, "", {},
                {{200, "The charts.", kJson, "SizeCharts"},
                 {400, "The request names no store.", kProblem, "Problem"}},
                list);
  endpoints.add(net::Method::get, "/v1/size-charts/{id}", "getSizeChart", "One size chart.",
                Access::read, "", {kId},
                {{200, "The chart, in centimetres.", kJson, "SizeChart"}, kNotFound}, show);
  endpoints.add(
      net::Method::put, "/v1/size-charts/{id}", "putSizeChart",
      "Add or replace a size chart. Ranges are of the body; every problem is named at once.",
      Access::submit, "SizeChartDocument", {kId},
      {{200, "Replaced.", kJson, "SizeChart"},
       {201, "Added.", kJson, "SizeChart"},
       {409, "The store has 200 charts.", kProblem, "Problem"}},
      put);
  endpoints.add(net::Method::delete_, "/v1/size-charts/{id}", "deleteSizeChart",
                "Remove a size chart.", Access::submit, "", {kId},
                {{204, "Gone.", "", ""}, kNotFound}, remove);
  return endpoints.take();
}

}  // namespace selvage::app
