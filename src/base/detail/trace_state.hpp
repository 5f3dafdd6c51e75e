// The tracestate header of W3C Trace Context.
#pragma once

#include <string_view>

namespace selvage::detail {

// A list of at most 32 members "key=value" with different keys, at most kMaxTraceState bytes. False
// for an empty one too.
[[nodiscard]] bool is_trace_state(std::string_view text);

}  // namespace selvage::detail
