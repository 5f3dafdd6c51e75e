#include "net/detail/response_head.hpp"

#include <array>
#include <charconv>
#include <ctime>

#include "base/text.hpp"
#include "net/detail/problem.hpp"

namespace selvage::net::detail {

namespace {

template <class Number>
void append_number(std::string& out, Number number, int base = 10) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base);
  out.append(digits.data(), end.ptr);
}

bool belongs_to_server(std::string_view field) {
  constexpr std::array<std::string_view, 9> kOwn = {
      "connection", "content-length", "date",
      "keep-alive", "server",         "transfer-encoding",
      "trailer",    "x-request-id",   "x-content-type-options"};
  return std::any_of(kOwn.begin(), kOwn.end(), [&](std::string_view own) {
    return own.size() == field.size() && equals_icase(own, field);
  });
}

// A line end smuggled into a header would let a value add headers of its own.
bool is_one_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

}  // namespace

void append_response_head(std::string& out, const Response& response, ResponseFraming framing,
                          const StandardHeaders& standard) {
  using Body = ResponseFraming::Body;
  out += "HTTP/1.1 ";
  append_number(out, response.status);
  out += ' ';
  out += reason_phrase(response.status);
  out += "\r\n";
  for (const auto& [field, value] : response.headers) {
    if (belongs_to_server(field) || !is_one_line(field) || !is_one_line(value)) continue;
    out.append(field).append(": ").append(value).append("\r\n");
  }
  if (framing.body == Body::sized) {
    out += "Content-Length: ";
    append_number(out, framing.length);
    out += "\r\n";
  } else if (framing.body == Body::chunked) {
    out += "Transfer-Encoding: chunked\r\n";
  }
  if (!framing.keep_alive || framing.body == Body::until_close) {
    out += "Connection: close\r\n";
  } else if (framing.http_1_0) {
    out += "Connection: keep-alive\r\n";
  }
  if (!standard.cors_origin.empty()) {
    out.append("Access-Control-Allow-Origin: ").append(standard.cors_origin);
    out +=
        "\r\nVary: Origin\r\nAccess-Control-Expose-Headers: Location, Retry-After, "
        "X-Request-Id\r\n";
  }
  out.append("X-Request-Id: ").append(standard.request_id).append("\r\n");
  out.append(standard.common).append("\r\n");
}

std::string common_headers(std::int64_t unix_seconds, std::string_view server_name) {
  constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                     "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t time = unix_seconds;
  std::tm utc{};
  gmtime_r(&time, &utc);
  std::string lines = fmt::format(
      "Date: {}, {:02} {} {} {:02}:{:02}:{:02} GMT\r\nX-Content-Type-Options: nosniff\r\n",
      kDays[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
      kMonths[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour, utc.tm_min,
      utc.tm_sec);
  if (!server_name.empty() && is_one_line(server_name)) {
    lines.append("Server: ").append(server_name).append("\r\n");
  }
  return lines;
}

void append_chunk_size(std::string& out, std::size_t size) {
  append_number(out, size, 16);
  out += "\r\n";
}

}  // namespace selvage::net::detail
