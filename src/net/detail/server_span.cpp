#include "net/detail/server_span.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace selvage::net::detail {

namespace {

// Two traceparents contradict each other, so neither counts; tracestates add up.
TraceContext incoming_context(const Headers& headers) {
  std::string_view parent;
  std::string state;
  int parents = 0;
  for (const auto& [name, value] : headers) {
    if (equals_icase(name, "traceparent")) {
      parent = value;
      ++parents;
    } else if (equals_icase(name, "tracestate")) {
      state += (state.empty() ? "" : ",") + value;
    }
  }
  return parents == 1 ? TraceContext::parse(parent, state) : TraceContext();
}

}  // namespace

Span start_server_span(Tracer* tracer, const Request& request, const Route& route) {
  if (tracer == nullptr || !route.traced) return {};
  const std::string_view method = name(request.method);
  Span span = start_span(tracer, fmt::format("{} {}", method, route.pattern), SpanKind::server,
                         incoming_context(request.headers));
  const std::string_view target = request.target;
  span.set("http.request.method", method);
  span.set("http.route", route.pattern);
  span.set("url.scheme", "http");
  span.set("url.path", target.substr(0, target.find('?')));  // a query may hold signatures
  span.set("client.address", request.peer);
  span.set("selvage.request_id", request.request_id);
  return span;
}

void end_server_span(Span& span, int status, bool delivered) {
  if (!span) return;
  span.set("http.response.status_code", status);
  if (!delivered) span.set("selvage.delivered", false);
  if (status >= 500) {
    span.set("error.type", std::to_string(status));
    span.fail(fmt::format("answered {}", status));
  }
  span.end();
}

}  // namespace selvage::net::detail
