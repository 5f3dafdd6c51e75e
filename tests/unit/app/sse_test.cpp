#include "app/http/sse.hpp"

#include <doctest/doctest.h>

namespace selvage::app {

TEST_CASE("SSE: an event is framed as the standard says") {
  CHECK(sse_event("status", "{}") == "event: status\ndata: {}\n\n");
  CHECK(sse_event("status", "{}", "7") == "event: status\nid: 7\ndata: {}\n\n");
  CHECK(sse_keep_alive().starts_with(":"));
  CHECK(sse_keep_alive().ends_with("\n\n"));
}

}  // namespace selvage::app
