// Writes the head of a response into a buffer that is used again for the next one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "net/http_message.hpp"

namespace selvage::net::detail {

struct ResponseFraming {
  enum class Body { none, sized, chunked, until_close };
  Body body = Body::sized;
  std::uint64_t length = 0;  // of a sized body
  bool keep_alive = true;
  bool http_1_0 = false;
};

// What the server adds to every response.
struct StandardHeaders {
  std::string_view common;  // whole lines: Date, Server, X-Content-Type-Options
  std::string_view request_id;
  std::string_view cors_origin;  // empty: no CORS headers
};

// Headers of `response` that belong to the server (Content-Length, Connection, ...) and those whose
// name or value would break the head are left out.
void append_response_head(std::string& out, const Response& response, ResponseFraming framing,
                          const StandardHeaders& standard);

// The lines for StandardHeaders::common at `unix_seconds`.
[[nodiscard]] std::string common_headers(std::int64_t unix_seconds, std::string_view server_name);

// The size line of one chunk.
void append_chunk_size(std::string& out, std::size_t size);

}  // namespace selvage::net::detail
