#include "app/http/sse.hpp"

namespace selvage::app {

std::string sse_event(std::string_view event, std::string_view data, std::string_view id) {
  std::string text = fmt::format("event: {}\n", event);
  if (!id.empty()) text += fmt::format("id: {}\n", id);
  return text + fmt::format("data: {}\n\n", data);
}

std::string sse_keep_alive() { return ": still here\n\n"; }

net::Response sse_response(TaskFunction<Task<void>(net::ResponseStream&)> stream) {
  net::Response response;
  response.headers.set("Content-Type", "text/event-stream");
  response.headers.set("Cache-Control", "no-store");
  response.headers.set("X-Accel-Buffering", "no");  // nginx would hold events back
  response.stream = std::move(stream);
  return response;
}

}  // namespace selvage::app
