// The members traceparent and tracestate of a message on a queue.
#pragma once

#include <boost/json/fwd.hpp>

#include "base/trace.hpp"

namespace selvage::work {

// For people who look at traces: a broken one is left out and harms no message.
[[nodiscard]] TraceContext read_trace(const boost::json::object& message);
// Nothing for a context that is not valid().
void write_trace(const TraceContext& trace, boost::json::object& message);

}  // namespace selvage::work
