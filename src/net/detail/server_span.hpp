// The span of one HTTP exchange, by OpenTelemetry's conventions for servers.
#pragma once

#include "base/trace.hpp"
#include "net/http_server.hpp"

namespace selvage::net::detail {

// Of no trace when `tracer` is null or the route is not traced.
[[nodiscard]] Span start_server_span(Tracer* tracer, const Request& request, const Route& route);
void end_server_span(Span& span, int status, bool delivered);

}  // namespace selvage::net::detail
