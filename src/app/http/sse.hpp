// Server-sent events: the framing, and the response that carries a stream of them.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "net/http_message.hpp"

namespace selvage::app {

inline constexpr milliseconds kSseKeepAlive{15'000};

// One event; `data` must hold no line break (JSON by our writer never does).
[[nodiscard]] std::string sse_event(std::string_view event, std::string_view data,
                                    std::string_view id = {});
// A comment, which keeps proxies from closing an idle stream.
[[nodiscard]] std::string sse_keep_alive();
// 200 text/event-stream without buffering or caching.
[[nodiscard]] net::Response sse_response(TaskFunction<Task<void>(net::ResponseStream&)> stream);

}  // namespace selvage::app
