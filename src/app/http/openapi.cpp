#include "app/http/openapi.hpp"

#include <boost/json.hpp>

#include "app/build_info.hpp"
#include "app/http/api_parts.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace selvage::app {

namespace {

json::object schema_ref(std::string_view name) {
  return {{"$ref", fmt::format("#/components/schemas/{}", name)}};
}

// "/console/{path*}" is {path} in OpenAPI, which has no word for "the rest".
std::string openapi_path(std::string_view pattern) {
  std::string path(pattern);
  if (const auto star = path.find("*}"); star != std::string::npos) path.erase(star, 1);
  return path;
}

json::array parameters_of(const Endpoint& endpoint) {
  json::array parameters;
  for (const ParameterDoc& doc : endpoint.parameters) {
    json::object parameter{{"in", doc.place},
                           {"name", doc.name},
                           {"required", doc.place == "path"},
                           {"schema", boost::json::parse(doc.schema)}};
    if (!doc.doc.empty()) parameter["description"] = doc.doc;
    parameters.push_back(std::move(parameter));
  }
  return parameters;
}

json::object request_body_of(const Endpoint& endpoint) {
  json::object content;
  if (!endpoint.request_schema.empty()) {
    content["application/json"] = json::object{{"schema", schema_ref(endpoint.request_schema)}};
  }
  if (!endpoint.form_schema.empty()) {
    content["multipart/form-data"] = json::object{{"schema", schema_ref(endpoint.form_schema)}};
  }
  return {{"required", true}, {"content", std::move(content)}};
}

json::object responses_of(const Endpoint& endpoint) {
  json::object responses;
  const auto add = [&](const ResponseDoc& doc) {
    json::object response{{"description", doc.doc}};
    if (!doc.media_type.empty()) {
      json::object media;
      if (!doc.schema.empty()) media["schema"] = schema_ref(doc.schema);
      response["content"] = json::object{{doc.media_type, std::move(media)}};
    }
    responses[std::to_string(doc.status)] = std::move(response);
  };
  for (const ResponseDoc& doc : endpoint.responses) add(doc);
  if (endpoint.access != Access::open) {
    add({401, "No or unknown credentials.", "application/problem+json", "Problem"});
    add({403, "The credentials lack the right.", "application/problem+json", "Problem"});
  }
  if (!responses.contains("400") &&
      (!endpoint.request_schema.empty() || !endpoint.parameters.empty())) {
    add({400, "The request is malformed; every problem is listed.", "application/problem+json",
         "Problem"});
  }
  return responses;
}

Task<net::Response> serve_document(std::shared_ptr<const std::string> document, net::Request,
                                   Principal) {
  co_return net::Response::json(200, *document);
}

}  // namespace

std::string openapi_document(std::span<const Endpoint> endpoints) {
  json::object paths;
  for (const Endpoint& endpoint : endpoints) {
    json::object operation{{"operationId", endpoint.id},
                           {"tags", json::array{json::value(endpoint.tag)}},
                           {"summary", endpoint.summary},
                           {"responses", responses_of(endpoint)}};
    if (!endpoint.parameters.empty()) operation["parameters"] = parameters_of(endpoint);
    if (!endpoint.request_schema.empty() || !endpoint.form_schema.empty()) {
      operation["requestBody"] = request_body_of(endpoint);
    }
    if (endpoint.access == Access::open) operation["security"] = json::array{};
    json::value& path = paths[openapi_path(endpoint.pattern)];
    if (!path.is_object()) path = json::object{};
    path.as_object()[to_lower_ascii(net::name(endpoint.method))] = std::move(operation);
  }
  const json::object document{
      {"openapi", "3.1.0"},
      {"info", json::object{{"title", "Selvage"},
                            {"version", kVersion},
                            {"description",
                             "Virtual try-on jobs with exact credit accounting, and body sizing. "
                             "Errors are RFC 9457 problem "
                             "documents with a stable `code`, a `hint` and the `request_id`."},
                            {"license",
                             json::object{{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
      {"security", json::array{json::object{{"apiKey", json::array{}}},
                               json::object{{"consoleSession", json::array{}}}}},
      {"paths", std::move(paths)},
      {"components",
       json::object{{"securitySchemes",
                     json::object{{"apiKey", json::object{{"type", "http"}, {"scheme", "bearer"}}},
                                  {"consoleSession", json::object{{"type", "apiKey"},
                                                                  {"in", "cookie"},
                                                                  {"name", kConsoleCookie}}}}},
                    {"schemas", boost::json::parse(kSchemas)}}}};
  return json::dump(document);
}

std::vector<Endpoint> all_endpoints(ApiParts parts) {
  std::vector<Endpoint> all;
  const auto add = [&all](std::vector<Endpoint> some) {
    std::move(some.begin(), some.end(), std::back_inserter(all));
  };
  add(job_endpoints(parts));
  add(job_event_endpoints(parts));
  add(bulk_endpoints(parts));
  add(webhook_endpoints(parts));
  add(delivery_endpoints(parts));
  add(sizing_endpoints(parts));
  add(size_estimate_endpoints(parts));
  add(size_chart_endpoints(parts));
  add(operations_endpoints(parts));
  add(console_endpoints(parts));
  add(schedule_endpoints(parts));
  add(file_endpoints(parts));
  all.push_back({.method = net::Method::get,
                 .pattern = "/openapi.json",
                 .id = "getOpenApi",
                 .tag = "operations",
                 .summary = "This document.",
                 .access = Access::open,
                 .responses = {{200, "OpenAPI 3.1.", "application/json", ""}}});
  const auto document = std::make_shared<const std::string>(openapi_document(all));
  all.back().handler = [document] [[clang::coro_wrapper]] (net::Request request,
                                                           Principal principal) {
    return serve_document(document, std::move(request), std::move(principal));
  };
  return all;
}

}  // namespace selvage::app
