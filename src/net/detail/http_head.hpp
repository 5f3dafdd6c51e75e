// The head of an HTTP/1.x request, parsed strictly (RFC 9112).
//
// A proxy in front and this server must never disagree about where a request ends, so everything
// that implementations are known to read differently is refused: bare LF, folded lines, white space
// before a colon, Content-Length beside Transfer-Encoding or twice, any transfer coding but a
// single "chunked".
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "net/http_message.hpp"

namespace selvage::net::detail {

inline constexpr std::size_t kMaxTarget = 8 * 1024;
inline constexpr std::size_t kMaxFields = 100;

// Why a request gets no further, before any handler has seen it. The texts are literals.
struct Refusal {
  int status = 400;
  std::string_view code;
  std::string_view detail;
  std::string_view hint;
};

// Finds the end of a head in a buffer that grows, looking at each byte once.
class HeadScanner {
 public:
  enum class State { incomplete, complete, bare_line_feed };
  // `buffer` begins with the head and only ever grows between calls; reset() before the next
  // request.
  State scan(std::string_view buffer);
  // Of the head with its empty line. REQUIRES: complete.
  [[nodiscard]] std::size_t size() const { return seen_; }
  // The request line has ended.
  [[nodiscard]] bool has_line() const { return lines_ > 0; }
  void reset() { *this = {}; }

 private:
  std::size_t seen_ = 0;
  std::size_t line_start_ = 0;
  std::size_t lines_ = 0;
};

// What of a head concerns the connection and not the handler.
struct Framing {
  std::uint64_t content_length = 0;
  bool chunked = false;
  bool http_1_0 = false;
  bool keep_alive = true;
  bool expects_continue = false;
};

// Fills method, target, path, query and headers of `request`; on a refusal what was read so far, so
// that the answer can name it. `head` is what HeadScanner delimited. The path is percent-decoded
// once, runs of '/' are collapsed, and dot segments, control characters and broken UTF-8 are
// refused.
[[nodiscard]] std::expected<Framing, Refusal> parse_head(std::string_view head, Request& request);

// Fills path and query from request.target. Also takes the absolute form (http://host/path).
[[nodiscard]] std::expected<void, Refusal> parse_target(Request& request);

}  // namespace selvage::net::detail
