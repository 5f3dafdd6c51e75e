#include "net/detail/curl_transfer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include "base/clock.hpp"
#include "base/text.hpp"

namespace selvage::net::detail {
namespace {

// A thousand requests may wait at once, each with its own buffers: the receive buffer is half of
// libcurl's default, the send buffer its smallest.
constexpr long kReceiveBuffer = 8 * 1024;
constexpr long kSendBuffer = 16 * 1024;
// A pooled connection older than this without use is not tried again; front proxies close at 60 to
// 75 s.
constexpr long kPooledSeconds = 55;

// What a Content-Length alone may make us reserve; a longer body grows as it comes.
constexpr std::uint64_t kMostReserved = 4 * 1024 * 1024;

constexpr std::string_view kTokenCharacters =
    "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

bool is_token(std::string_view text) {
  return !text.empty() && text.find_first_not_of(kTokenCharacters) == std::string_view::npos;
}

std::optional<std::uint64_t> parse_length(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

}  // namespace

CurlTransfer::CurlTransfer(const std::string& url, const std::string& user_agent,
                           const std::string& ca_file, milliseconds connect_time,
                           ByteCount max_body)
    : easy_(curl_easy_init()), max_body_(max_body.value) {
  SELVAGE_CHECK(easy_ != nullptr);
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_REDIR_PROTOCOLS_STR, "");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  // One connection a request keeps failures apart: a stalled HTTP/2 connection would stall a
  // hundred at once.
  set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  set(CURLOPT_USERAGENT, user_agent.c_str());
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect_time.count()));
  set(CURLOPT_MAXAGE_CONN, kPooledSeconds);
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_BUFFERSIZE, kReceiveBuffer);
  set(CURLOPT_UPLOAD_BUFFERSIZE, kSendBuffer);
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(CURLOPT_ERRORBUFFER, error_);
  // libcurl keeps the parsed certificate authorities for a day, but only without a directory of
  // them beside the bundle; otherwise it parses the bundle again for each connection, some 100 ms
  // that would block the loop.
  set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  if (!ca_file.empty()) set(CURLOPT_CAINFO, ca_file.c_str());
  set(CURLOPT_HEADERFUNCTION, &CurlTransfer::take_header);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &CurlTransfer::take_body);
  set(CURLOPT_WRITEDATA, this);
}

CurlTransfer::~CurlTransfer() {
  curl_easy_cleanup(easy_);
  curl_slist_free_all(request_headers_);
}

void CurlTransfer::set_method(Method method) {
  switch (method) {
    case Method::get:
      set(CURLOPT_HTTPGET, 1L);
      return;
    case Method::head:
      without_body_ = true;
      set(CURLOPT_NOBODY, 1L);
      return;
    case Method::post:
      set(CURLOPT_POST, 1L);
      return;
    case Method::put:
      set(CURLOPT_CUSTOMREQUEST, "PUT");
      return;
    case Method::patch:
      set(CURLOPT_CUSTOMREQUEST, "PATCH");
      return;
    case Method::delete_:
      set(CURLOPT_CUSTOMREQUEST, "DELETE");
      return;
    case Method::options:
      set(CURLOPT_CUSTOMREQUEST, "OPTIONS");
      return;
    case Method::other:
      break;
  }
  SELVAGE_CHECK(method != Method::other);  // there is no name to send it by
}

void CurlTransfer::set_body(const std::string& body) {
  set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  set(CURLOPT_POSTFIELDS, body.c_str());
}

void CurlTransfer::set_streamed_body(std::uint64_t size,
                                     std::function<std::size_t(char*, std::size_t)> read,
                                     std::function<void()> rewind) {
  read_ = std::move(read);
  rewind_ = std::move(rewind);
  set(CURLOPT_POST, 1L);
  set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(size));
  set(CURLOPT_READFUNCTION, &CurlTransfer::give_body);
  set(CURLOPT_READDATA, this);
  set(CURLOPT_SEEKFUNCTION, &CurlTransfer::seek_body);
  set(CURLOPT_SEEKDATA, this);
}

bool CurlTransfer::set_headers(const Headers& headers) {
  const auto append = [this](const std::string& line) {
    curl_slist* longer = curl_slist_append(request_headers_, line.c_str());
    SELVAGE_CHECK(longer != nullptr);
    request_headers_ = longer;
  };
  for (const auto& [name, value] : headers) {
    if (!is_token(name) || value.find_first_of(std::string_view("\r\n\0", 3)) != value.npos) {
      return false;
    }
    append(value.empty() ? name + ";"
                         : fmt::format("{}: {}", name, value));  // ";" is libcurl's "send it empty"
  }
  append("Expect:");  // no pause for "100 Continue" before large bodies
  if (!headers.has("content-type")) append("Content-Type:");  // no guess by libcurl
  set(CURLOPT_HTTPHEADER, request_headers_);
  return true;
}

std::size_t CurlTransfer::take_header(char* data, std::size_t, std::size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  return transfer.take_header_line({data, count}) ? count : 0;
}

bool CurlTransfer::take_header_line(std::string_view line) {
  head_bytes_ += line.size();
  if (head_bytes_ > kMaxResponseHead) {
    over_head_cap_ = true;
    return false;
  }
  if (head_done_) return true;  // trailers of a chunked body
  if (status_ == 0) {           // the status line, "HTTP/1.1 200 OK"
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos) return false;
    const std::string_view code = line.substr(space + 1, 3);
    return std::from_chars(code.data(), code.data() + code.size(), status_).ec == std::errc();
  }
  if (trim(line).empty()) return finish_head();
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    headers_.add(std::string(line.substr(0, colon)), std::string(trim(line.substr(colon + 1))));
  }
  return true;
}

bool CurlTransfer::finish_head() {
  if (status_ < 200) {  // an interim response; the real one follows
    status_ = 0;
    headers_ = {};
    return true;
  }
  head_done_ = true;
  if (judge_head_ && !judge_head_()) return false;
  return !announced_over_cap();
}

bool CurlTransfer::announced_over_cap() {
  if (without_body_) return false;  // the answer to HEAD announces what it does not send
  const auto length = parse_length(headers_.get("content-length"));
  if (!length) return false;
  over_body_cap_ = *length > max_body_;
  if (!over_body_cap_) body_.reserve(std::min<std::uint64_t>(*length, kMostReserved));
  return over_body_cap_;
}

std::size_t CurlTransfer::take_body(char* data, std::size_t, std::size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  if (count > transfer.max_body_ - transfer.body_.size()) {
    transfer.over_body_cap_ = true;
    return CURL_WRITEFUNC_ERROR;
  }
  transfer.body_.append(data, count);
  return count;
}

std::size_t CurlTransfer::give_body(char* to, std::size_t size, std::size_t count, void* self) {
  return static_cast<CurlTransfer*>(self)->read_(to, size * count);
}

// libcurl sends a body again from its start when a pooled connection turns out to be closed.
int CurlTransfer::seek_body(void* self, curl_off_t offset, int origin) {
  if (offset != 0 || origin != SEEK_SET) return CURL_SEEKFUNC_CANTSEEK;
  static_cast<CurlTransfer*>(self)->rewind_();
  return CURL_SEEKFUNC_OK;
}

bool CurlTransfer::connected() const {
  curl_off_t microseconds = 0;
  curl_easy_getinfo(easy_, CURLINFO_PRETRANSFER_TIME_T, &microseconds);
  return microseconds > 0;
}

std::string CurlTransfer::reason(CURLcode code) const {
  return error_[0] != '\0' ? error_ : curl_easy_strerror(code);
}

}  // namespace selvage::net::detail
