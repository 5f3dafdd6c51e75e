// HTTP messages as values.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/cancel.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/task.hpp"
#include "base/task_function.hpp"
#include "base/trace.hpp"

namespace selvage::net {

enum class Method { get, head, post, put, patch, delete_, options, other };
[[nodiscard]] std::string_view name(Method method);

// Field names compare without case; order and repetition are kept.
class Headers {
 public:
  void add(std::string name, std::string value) {
    fields_.emplace_back(std::move(name), std::move(value));
  }
  void set(std::string_view name, std::string value);
  [[nodiscard]] std::string_view get(std::string_view name) const;  // first, or empty
  [[nodiscard]] bool has(std::string_view name) const;
  [[nodiscard]] auto begin() const { return fields_.begin(); }
  [[nodiscard]] auto end() const { return fields_.end(); }
  [[nodiscard]] std::size_t size() const { return fields_.size(); }
  void reserve(std::size_t count) { fields_.reserve(count); }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

struct Request {
  Method method = Method::get;
  std::string target;  // as sent, "/v1/jobs?limit=5"
  std::string path;    // percent-decoded and normalised; never holds "..", NUL or "//"
  std::vector<std::pair<std::string, std::string>> query;   // decoded, in order
  std::vector<std::pair<std::string, std::string>> params;  // {id} of the route's pattern
  Headers headers;
  std::string body;
  std::string peer;        // the client's address; from X-Forwarded-For only behind a trusted proxy
  std::string request_id;  // X-Request-Id when well formed (1..128 of [A-Za-z0-9._-]), else new
  log::Context log;        // carries request_id, and trace_id when it is traced
  Span* span = nullptr;    // of this exchange, which outlives the handler; null: not traced
  CancelToken cancel;  // cancelled when the server stops and its grace is over; pass it to waits

  [[nodiscard]] std::string_view param(std::string_view key) const;
  [[nodiscard]] std::optional<std::string_view> query_value(std::string_view key) const;
  // The value of one cookie, or empty.
  [[nodiscard]] std::string_view cookie(std::string_view key) const;
};

// What a message that this request causes is part of; not valid() when it is not traced.
[[nodiscard]] inline TraceContext trace_of(const Request& request) {
  return request.span != nullptr ? request.span->context() : TraceContext();
}

// Writes parts of a streaming response (SSE, big files) with back-pressure.
class ResponseStream {
 public:
  virtual ~ResponseStream() = default;
  // False when the client is gone or the server drains: stop then.
  [[nodiscard]] virtual Task<bool> write(std::string part) = 0;
  // Cancelled when the client disconnects or the server stops; pass it to every wait.
  [[nodiscard]] virtual CancelToken closed() const = 0;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  // When set, sent chunked after the head; `body` is then ignored.
  TaskFunction<Task<void>(ResponseStream&)> stream;

  [[nodiscard]] static Response text(int status, std::string body,
                                     std::string_view content_type = "text/plain; charset=utf-8");
  [[nodiscard]] static Response json(int status, std::string body);
  // RFC 9457 problem document: type, title, status, detail, code, hint, instance, request_id.
  [[nodiscard]] static Response problem(const Error& error, const Request& request);
  [[nodiscard]] static Response redirect(int status, std::string location);
};

// One part of a multipart/form-data body.
struct FormPart {
  std::string name;
  std::string filename;      // empty when the part is no file
  std::string content_type;  // lower case, without parameters; empty when absent
  std::string data;
};

inline constexpr std::size_t kMaxFormParts = 32;

// Splits the body of `request`. Errors: form.not_multipart, form.malformed, form.too_many_parts.
[[nodiscard]] Result<std::vector<FormPart>> parse_form(const Request& request);

}  // namespace selvage::net
