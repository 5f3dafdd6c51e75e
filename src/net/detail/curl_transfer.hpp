// CurlTransfer: one request and its response on a libcurl easy handle, with caps on head and body.
//
// What holds for trusted and for guarded requests alike: no redirects, no cookies, no stored
// credentials, HTTP/1.1, TLS verified. Everything handed in by view or pointer must outlive the
// transfer.
#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/units.hpp"
#include "net/http_message.hpp"

namespace selvage::net::detail {

inline constexpr std::size_t kMaxResponseHead = 64 * 1024;

class CurlTransfer {
 public:
  CurlTransfer(const std::string& url, const std::string& user_agent, const std::string& ca_file,
               milliseconds connect_time, ByteCount max_body);
  ~CurlTransfer();
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  [[nodiscard]] CURL* handle() { return easy_; }
  template <class T>
  void set(CURLoption option, T value) {
    curl_easy_setopt(easy_, option, value);
  }

  void set_method(Method method);
  void set_body(const std::string& body);
  // `read` fills a buffer and returns how many bytes it wrote; `rewind` starts again from the first
  // byte.
  void set_streamed_body(std::uint64_t size, std::function<std::size_t(char*, std::size_t)> read,
                         std::function<void()> rewind);
  // False when a name or value could break out of its line. Call once.
  [[nodiscard]] bool set_headers(const Headers& headers);
  // Called once at the end of the response's head; false ends the transfer there.
  void on_head(std::function<bool()> judge) { judge_head_ = std::move(judge); }

  // The response as far as it has come.
  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] Headers& headers() { return headers_; }
  [[nodiscard]] std::string& body() { return body_; }
  [[nodiscard]] bool over_body_cap() const { return over_body_cap_; }
  [[nodiscard]] bool over_head_cap() const { return over_head_cap_; }
  // True once a connection was there to send the request on: only then can the other side have seen
  // it.
  [[nodiscard]] bool connected() const;
  // libcurl's own words for `code`: they hold the host at most, never path or query.
  [[nodiscard]] std::string reason(CURLcode code) const;

 private:
  static std::size_t take_header(char* data, std::size_t, std::size_t count, void* self);
  static std::size_t take_body(char* data, std::size_t, std::size_t count, void* self);
  static std::size_t give_body(char* to, std::size_t size, std::size_t count, void* self);
  static int seek_body(void* self, curl_off_t offset, int origin);
  bool take_header_line(std::string_view line);
  bool finish_head();
  [[nodiscard]] bool announced_over_cap();

  CURL* easy_;
  curl_slist* request_headers_ = nullptr;
  std::uint64_t max_body_;
  std::function<bool()> judge_head_;
  std::function<std::size_t(char*, std::size_t)> read_;
  std::function<void()> rewind_;

  int status_ = 0;
  Headers headers_;
  std::string body_;
  std::size_t head_bytes_ = 0;
  bool without_body_ = false;
  bool head_done_ = false;
  bool over_body_cap_ = false;
  bool over_head_cap_ = false;
  char error_[CURL_ERROR_SIZE] = {};
};

}  // namespace selvage::net::detail
