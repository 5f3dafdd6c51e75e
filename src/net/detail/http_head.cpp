#include "net/detail/http_head.hpp"

#include <array>
#include <cstring>

#include "base/text.hpp"

namespace selvage::net::detail {

namespace {

constexpr std::string_view kLineEnd = "\r\n";

// RFC 9110 section 5.6.2.
constexpr auto kTokenChars = [] {
  std::array<bool, 256> table{};
  for (char c = '0'; c <= '9'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c = 'a'; c <= 'z'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (const char c :
       {'!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~'}) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}();

// Visible ASCII, white space and bytes beyond ASCII; no other control character.
constexpr auto kValueChars = [] {
  std::array<bool, 256> table{};
  for (std::size_t c = 0x20; c < 256; ++c) table[c] = c != 0x7f;
  table['\t'] = true;
  return table;
}();

constexpr auto kTargetChars = [] {
  std::array<bool, 256> table{};
  for (std::size_t c = 0x21; c < 0x7f; ++c) table[c] = true;
  return table;
}();

constexpr auto kHostChars = [] {
  std::array<bool, 256> table = kTokenChars;
  for (const char c : {':', '[', ']'}) table[static_cast<unsigned char>(c)] = true;
  return table;
}();

bool all_of(std::string_view text, const std::array<bool, 256>& allowed) {
  for (const char c : text) {
    if (!allowed[static_cast<unsigned char>(c)]) return false;
  }
  return true;
}

std::unexpected<Refusal> malformed(std::string_view detail) {
  return std::unexpected(Refusal{.status = 400,
                                 .code = "http.malformed",
                                 .detail = detail,
                                 .hint = "send the request as RFC 9112 describes it"});
}

std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

Method method_named(std::string_view text) {
  for (const Method method : {Method::get, Method::post, Method::head, Method::put, Method::patch,
                              Method::delete_, Method::options}) {
    if (text == name(method)) return method;
  }
  return Method::other;
}

std::expected<void, Refusal> parse_request_line(std::string_view line, Request& request,
                                                Framing& framing) {
  const std::size_t first = line.find(' ');
  const std::size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
  if (second == std::string_view::npos) {
    return malformed("the request line is not 'METHOD target HTTP/1.1'");
  }
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, second - first - 1);
  const std::string_view version = line.substr(second + 1);
  if (method.empty() || !all_of(method, kTokenChars)) {
    return malformed("the method is not a token");
  }
  request.method = method_named(method);
  if (target.size() > kMaxTarget) {
    return std::unexpected(Refusal{.status = 414,
                                   .code = "http.target_too_long",
                                   .detail = "the request target is longer than 8 KiB",
                                   .hint = "move the data into the body"});
  }
  if (target.empty() || !all_of(target, kTargetChars)) {
    return malformed("the request target is empty or holds characters that must be encoded");
  }
  request.target = target;
  if (version == "HTTP/1.1") return {};
  if (version == "HTTP/1.0") {
    framing.http_1_0 = true;
    framing.keep_alive = false;
    return {};
  }
  const bool well_formed = version.size() == 8 && version.starts_with("HTTP/") &&
                           is_digit(version[5]) && version[6] == '.' && is_digit(version[7]);
  if (!well_formed) return malformed("the request line does not end with an HTTP version");
  return std::unexpected(Refusal{.status = 505,
                                 .code = "http.version",
                                 .detail = "only HTTP/1.1 and HTTP/1.0 are spoken here",
                                 .hint = {}});
}

// Reads the fields that decide how the message is framed, and notices their contradictions.
class FramingFields {
 public:
  explicit FramingFields(Framing& framing) : framing_(framing) {}

  std::expected<void, Refusal> take(std::string_view field, std::string_view value) {
    switch (field.size()) {
      case 4:
        if (equals_icase(field, "host")) return take_host(value);
        break;
      case 6:
        if (equals_icase(field, "expect")) return take_expect(value);
        break;
      case 10:
        if (equals_icase(field, "connection")) take_connection(value);
        break;
      case 14:
        if (equals_icase(field, "content-length")) return take_content_length(value);
        break;
      case 17:
        if (equals_icase(field, "transfer-encoding")) return take_transfer_encoding(value);
        break;
      default:
        break;
    }
    return {};
  }

  std::expected<void, Refusal> finish() {
    if (!has_host_ && !framing_.http_1_0) {
      return std::unexpected(Refusal{.status = 400,
                                     .code = "http.host_missing",
                                     .detail = "an HTTP/1.1 request needs a Host header",
                                     .hint = "send a Host header"});
    }
    if (framing_.chunked && has_length_) {
      return malformed("Content-Length and Transfer-Encoding contradict each other");
    }
    if (framing_.chunked && framing_.http_1_0) {
      return malformed("HTTP/1.0 has no Transfer-Encoding");
    }
    if (asks_close_) {
      framing_.keep_alive = false;
    } else if (asks_keep_alive_) {
      framing_.keep_alive = true;
    }
    return {};
  }

 private:
  std::expected<void, Refusal> take_host(std::string_view value) {
    if (std::exchange(has_host_, true)) return malformed("there are two Host headers");
    if (!all_of(value, kHostChars)) return malformed("the Host header is not a host");
    return {};
  }

  std::expected<void, Refusal> take_content_length(std::string_view value) {
    if (std::exchange(has_length_, true)) return malformed("there are two Content-Length headers");
    constexpr std::size_t kMaxDigits = 18;  // fits 64 bits, and is more than any disk holds
    if (value.empty() || value.size() > kMaxDigits) {
      return malformed("the Content-Length header is not a number");
    }
    for (const char digit : value) {
      if (!is_digit(digit)) return malformed("the Content-Length header is not a number");
      framing_.content_length = framing_.content_length * 10 + static_cast<unsigned>(digit - '0');
    }
    return {};
  }

  std::expected<void, Refusal> take_transfer_encoding(std::string_view value) {
    if (framing_.chunked) return malformed("there are two Transfer-Encoding headers");
    if (!equals_icase(value, "chunked")) {
      return std::unexpected(Refusal{.status = 501,
                                     .code = "http.transfer_encoding",
                                     .detail = "the only transfer coding taken here is chunked",
                                     .hint = "send the body plain or chunked"});
    }
    framing_.chunked = true;
    return {};
  }

  std::expected<void, Refusal> take_expect(std::string_view value) {
    if (!equals_icase(value, "100-continue")) {
      return std::unexpected(Refusal{.status = 417,
                                     .code = "http.expectation",
                                     .detail = "the only expectation met here is 100-continue",
                                     .hint = {}});
    }
    framing_.expects_continue = !framing_.http_1_0;
    return {};
  }

  void take_connection(std::string_view value) {
    while (!value.empty()) {
      const std::size_t comma = std::min(value.find(','), value.size());
      const std::string_view option = trim_blanks(value.substr(0, comma));
      if (equals_icase(option, "close")) asks_close_ = true;
      if (equals_icase(option, "keep-alive")) asks_keep_alive_ = true;
      value.remove_prefix(std::min(value.size(), comma + 1));
    }
  }

  Framing& framing_;
  bool has_host_ = false;
  bool has_length_ = false;
  bool asks_close_ = false;
  bool asks_keep_alive_ = false;
};

}  // namespace

HeadScanner::State HeadScanner::scan(std::string_view buffer) {
  while (seen_ < buffer.size()) {
    const void* found = std::memchr(buffer.data() + seen_, '\n', buffer.size() - seen_);
    if (found == nullptr) {
      seen_ = buffer.size();
      return State::incomplete;
    }
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - buffer.data());
    if (at == 0 || buffer[at - 1] != '\r') return State::bare_line_feed;
    const bool is_empty_line = at == line_start_ + 1;
    seen_ = line_start_ = at + 1;
    if (is_empty_line) return State::complete;
    ++lines_;
  }
  return State::incomplete;
}

std::expected<Framing, Refusal> parse_head(std::string_view head, Request& request) {
  Framing framing;
  const std::size_t line_end = head.find(kLineEnd);
  if (line_end == std::string_view::npos) return malformed("the request line does not end");
  const auto line = parse_request_line(head.substr(0, line_end), request, framing);
  if (!line) return std::unexpected(line.error());
  if (const auto target = parse_target(request); !target) return std::unexpected(target.error());
  head.remove_prefix(line_end + kLineEnd.size());

  FramingFields fields(framing);
  constexpr std::size_t kUsualFields = 8;
  request.headers.reserve(kUsualFields);
  while (!head.starts_with(kLineEnd)) {
    if (request.headers.size() == kMaxFields) {
      return std::unexpected(Refusal{.status = 431,
                                     .code = "http.too_many_headers",
                                     .detail = "the request has more than 100 header fields",
                                     .hint = "send fewer headers or cookies"});
    }
    const std::size_t end = head.find(kLineEnd);
    if (end == std::string_view::npos) return malformed("the header fields do not end");
    const std::string_view text = head.substr(0, end);
    if (text.front() == ' ' || text.front() == '\t') return malformed("a header line is folded");
    const std::size_t colon = text.find(':');
    const std::string_view field = text.substr(0, colon);
    if (colon == std::string_view::npos || field.empty() || !all_of(field, kTokenChars)) {
      return malformed("a header line does not begin with a field name and a colon");
    }
    const std::string_view value = trim_blanks(text.substr(colon + 1));
    if (!all_of(value, kValueChars)) return malformed("a header value holds a control character");
    if (const auto taken = fields.take(field, value); !taken) return std::unexpected(taken.error());
    request.headers.add(std::string(field), std::string(value));
    head.remove_prefix(end + kLineEnd.size());
  }
  if (const auto finished = fields.finish(); !finished) return std::unexpected(finished.error());
  return framing;
}

}  // namespace selvage::net::detail
