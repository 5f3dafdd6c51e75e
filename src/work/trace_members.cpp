#include "work/trace_members.hpp"

#include <boost/json.hpp>

namespace selvage::work {

TraceContext read_trace(const boost::json::object& message) {
  const auto text = [&message](std::string_view key) {
    const boost::json::value* const member = message.if_contains(key);
    return member != nullptr && member->is_string() ? std::string_view(member->get_string())
                                                    : std::string_view();
  };
  return TraceContext::parse(text("traceparent"), text("tracestate"));
}

void write_trace(const TraceContext& trace, boost::json::object& message) {
  if (!trace.valid()) return;
  message["traceparent"] = trace.traceparent();
  if (!trace.state.empty()) message["tracestate"] = trace.state;
}

}  // namespace selvage::work
