// An endpoint: route, documentation and demands in one value, so that the OpenAPI document, the
// router and the access checks cannot disagree.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/http/access.hpp"
#include "app/http/authenticator.hpp"
#include "net/http_server.hpp"

namespace selvage::app {

struct ParameterDoc {
  std::string_view place;  // path, query, header
  std::string_view name;
  std::string_view schema;  // JSON
  std::string_view doc;
};

struct ResponseDoc {
  int status;
  std::string_view doc;
  std::string_view media_type;  // empty: no body
  std::string_view schema;      // name in components/schemas; empty: none
};

struct Endpoint {
  net::Method method;
  std::string_view pattern;
  std::string_view id;  // operationId
  std::string_view tag;
  std::string_view summary;
  Access access;
  std::vector<ParameterDoc> parameters;
  std::string_view request_schema;  // name; empty: no JSON body
  std::string_view form_schema;     // name of the multipart form; empty: none
  std::vector<ResponseDoc> responses;
  TaskFunction<Task<net::Response>(net::Request, Principal)> handler;
  ByteCount max_body = 64_KiB;
  bool traced = true;  // see net::Route
};

// Adds every endpoint to the router, each behind its access check. `authenticator` outlives the
// router.
void add_routes(net::Router& router, std::vector<Endpoint> endpoints, Authenticator& authenticator);

}  // namespace selvage::app
