// Any program behind a URL as a task function: the task is posted to it as JSON.
//
//   POST <url>
//   Idempotency-Key: <task id>          traceparent, tracestate: as the task's message had them
//   {"task": ..., "id": ..., "args": [...], "kwargs": {...}, "retries": 0, "root_id": ...,
//    "parent_id": ..., "group": ..., "headers": {...}}
//
// The answer's status decides: 2xx and JSON is the result (no content: null; other text: that
// text). 429 and 503 are tried again after Retry-After, other 5xx, 408 and what does not answer
// with back-off, `max_retries` times in all; then the task fails and is kept in the dead letters.
// Every other status fails it at once. The exception a client sees comes from the body, when that
// has {"exc_type", "exc_message" (text or list), "exc_module"}; else it is selvage.HTTPError.
#pragma once

#include <memory>
#include <string>

#include "base/secret.hpp"
#include "base/units.hpp"
#include "celery/function.hpp"
#include "net/egress_guard.hpp"
#include "net/http_client.hpp"

namespace selvage::celery {

struct HttpFunctionOptions {
  milliseconds time_out{60'000};  // of one answer
  int max_retries = 5;
  ByteCount max_answer = 1_MiB;
};

// For a URL that the operator configured. `token`, when set, is sent as a bearer token. The client
// must outlive the function.
[[nodiscard]] Function function_at(net::HttpClient& client, std::string url, Secret token,
                                   HttpFunctionOptions options);

// The task "http": the URL is the sender's, in its keyword argument `url`, and may only name
// what the guard lets through. The guard must outlive the function.
[[nodiscard]] Function guarded_function(net::EgressGuard& guard, HttpFunctionOptions options);

// What an answer means, for both. `retries`: tries before this one.
struct HttpAnswer {
  int status = 0;
  std::string retry_after;
  std::string content_type;
  std::string body;
  bool cut = false;  // the body was longer than allowed
};
[[nodiscard]] FunctionResult judge_answer(const HttpAnswer& answer, int retries,
                                          const HttpFunctionOptions& options);

}  // namespace selvage::celery
