// Endpoints of one tag whose handlers are plain functions of the API's parts.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "app/http/api_parts.hpp"

namespace selvage::app {

class EndpointList {
 public:
  using Function = Task<net::Response> (*)(ApiParts, net::Request, Principal);

  EndpointList(const ApiParts& parts, std::string_view tag) : parts_(parts), tag_(tag) {}

  // `schema`: the name of the JSON body's; empty: none.
  void add(net::Method method, std::string_view pattern, std::string_view id,
           std::string_view summary, Access access, std::string_view schema,
           std::vector<ParameterDoc> parameters, std::vector<ResponseDoc> responses,
           Function function) {
    endpoints_.push_back({.method = method,
                          .pattern = pattern,
                          .id = id,
                          .tag = tag_,
                          .summary = summary,
                          .access = access,
                          .parameters = std::move(parameters),
                          .request_schema = schema,
                          .responses = std::move(responses),
                          .handler = [parts = parts_, function] [[clang::coro_wrapper]] (
                                         net::Request request, Principal principal) {
                            return function(parts, std::move(request), std::move(principal));
                          }});
  }

  [[nodiscard]] std::vector<Endpoint> take() { return std::move(endpoints_); }

 private:
  ApiParts parts_;
  std::string_view tag_;
  std::vector<Endpoint> endpoints_;
};

}  // namespace selvage::app
