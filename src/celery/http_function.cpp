#include "celery/http_function.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <charconv>

#include "base/json.hpp"
#include "base/text.hpp"
#include "celery/detail/body.hpp"
#include "celery/detail/json_text.hpp"
#include "work/retry_policy.hpp"

namespace selvage::celery {

namespace {

constexpr std::size_t kShownBody = 200;  // bytes of an answer that an error message shows
constexpr std::size_t kMaxHeader = 512;  // bytes of a trace header that is handed on
constexpr milliseconds kMaxServerWait{3'600'000};

std::optional<milliseconds> seconds_in(std::string_view retry_after) {
  std::int64_t seconds_to_wait = 0;
  const auto [end, bad] =
      std::from_chars(retry_after.data(), retry_after.data() + retry_after.size(), seconds_to_wait);
  if (bad != std::errc() || end != retry_after.data() + retry_after.size()) return std::nullopt;
  if (seconds_to_wait < 0) return std::nullopt;
  return std::min(milliseconds(std::min<std::int64_t>(seconds_to_wait, 86'400) * 1000),
                  kMaxServerWait);
}

// Again with back-off, or for good.
FunctionResult again_or_raise(Raised why, int retries, const HttpFunctionOptions& options,
                              std::optional<milliseconds> server_wait = std::nullopt) {
  const work::RetryRule rule[] = {{.failure = "http",
                                   .max_retries = options.max_retries,
                                   .first_wait = seconds(2),
                                   .factor = 3.0,
                                   .max_wait = seconds(600),
                                   .jitter = 0.3}};
  const auto wait = work::RetryPolicy(rule).next_wait("http", retries, server_wait);
  if (wait) return Again{*wait, std::move(why)};
  why.keep = true;
  return why;
}

bool is_word(std::string_view text) {
  if (text.empty() || text.size() > 128) return false;
  return std::ranges::all_of(text, [](char c) {
    const char lower = to_lower_ascii(c);
    return is_digit(c) || (lower >= 'a' && lower <= 'z') || c == '_' || c == '.';
  });
}

// The exception that the service names in its body, or one made of the status.
Raised exception_of(const HttpAnswer& answer) {
  Raised raised{.type = "HTTPError", .message = {}, .module = "selvage"};
  const auto tree = parse_json(answer.body, "the answer");
  const json::object* said = tree ? tree->if_object() : nullptr;
  const auto text = [said](std::string_view key) {
    const json::value* found = said == nullptr ? nullptr : said->if_contains(key);
    return found != nullptr && found->is_string() ? std::string(found->get_string())
                                                  : std::string();
  };
  if (is_word(text("exc_type"))) {
    raised.type = text("exc_type");
    raised.module = is_word(text("exc_module")) ? text("exc_module") : "builtins";
    raised.message = text("exc_message");
    raised.traceback = text("traceback");
    const json::value* arguments = said->if_contains("exc_message");
    if (arguments != nullptr && arguments->is_array()) raised.arguments = json::dump(*arguments);
    return raised;
  }
  std::string detail = text("detail");  // of an RFC 9457 problem, and of FastAPI
  if (detail.empty()) detail = trim(std::string_view(answer.body).substr(0, kShownBody));
  raised.message = detail.empty() ? fmt::format("the service answered {}", answer.status)
                                  : fmt::format("{}: {}", answer.status, detail);
  return raised;
}

FunctionResult value_of(const HttpAnswer& answer) {
  if (answer.cut) {
    return Raised{.type = "HTTPError",
                  .message = "the answer is longer than CELERY_HTTP_MAX_ANSWER",
                  .module = "selvage"};
  }
  const std::string_view body = trim(answer.body);
  if (body.empty()) return Returned{"null"};
  if (parse_json(body, "the answer")) return Returned{std::string(body)};
  if (answer.content_type.contains("json") || !is_valid_utf8(body)) {
    return Raised{.type = "HTTPError", .message = "the answer is not JSON", .module = "selvage"};
  }
  std::string text;
  append_json_string(text, body);
  return Returned{std::move(text)};
}

std::string body_for(const TaskCall& call) {
  const Message& message = call.message;
  JsonObject body;
  body.text("task", message.task)
      .text("id", message.id)
      .json("args", message.args)
      .json("kwargs", message.kwargs)
      .number("retries", call.retries)
      .text_or_null("root_id", message.root_id)
      .text_or_null("parent_id", message.parent_id)
      .text_or_null("group", message.group)
      .json("headers", message.other_headers.empty() ? "{}" : message.other_headers);
  return body.take();
}

bool fits_a_header(std::string_view value) {
  return !value.empty() && value.size() <= kMaxHeader &&
         std::ranges::all_of(value, [](char c) { return c >= ' ' && c <= '~'; });
}

net::Headers headers_for(const TaskCall& call) {
  net::Headers headers;
  headers.add("Content-Type", "application/json");
  headers.add("Accept", "application/json");
  headers.add("Idempotency-Key", percent_encode(call.id()));
  if (fits_a_header(call.message.traceparent)) {
    headers.add("traceparent", call.message.traceparent);
    if (fits_a_header(call.message.tracestate)) {
      headers.add("tracestate", call.message.tracestate);
    }
  }
  return headers;
}

// No answer at all.
FunctionResult judge_error(const Error& error, const TaskCall& call,
                           const HttpFunctionOptions& options) {
  if (call.stop.cancelled() || call.deadline.passed()) return Stopped{};
  Raised why{.type = error.kind == ErrorKind::timeout ? "TimeoutError" : "ConnectionError",
             .message = error.describe()};
  const bool may_pass = error.kind == ErrorKind::unavailable || error.kind == ErrorKind::timeout;
  if (may_pass) return again_or_raise(std::move(why), call.retries, options);
  why.type = "HTTPError";
  why.module = "selvage";
  return why;
}

Task<FunctionResult> post(net::HttpClient& client, std::string url, Secret token,
                          HttpFunctionOptions options, TaskCall call) {
  net::ClientRequest request{.method = net::Method::post,
                             .url = std::move(url),
                             .headers = headers_for(call),
                             .body = body_for(call),
                             .deadline = Deadline::after(options.time_out).sooner(call.deadline),
                             .max_body = options.max_answer,
                             .cancel = call.stop};
  if (!token.empty()) request.headers.add("Authorization", "Bearer " + token.reveal());
  const auto answer = co_await client.send(std::move(request));
  if (!answer) {
    if (answer.error().code == "http.too_large") co_return value_of({.cut = true});
    co_return judge_error(answer.error(), call, options);
  }
  co_return judge_answer({.status = answer->status,
                          .retry_after = std::string(answer->headers.get("Retry-After")),
                          .content_type = std::string(answer->headers.get("Content-Type")),
                          .body = answer->body},
                         call.retries, options);
}

Task<FunctionResult> post_guarded(net::EgressGuard& guard, HttpFunctionOptions options,
                                  TaskCall call) {
  const auto kwargs = parse_json(call.message.kwargs, "kwargs");
  const json::value* url = kwargs ? kwargs->get_object().if_contains("url") : nullptr;
  if (url == nullptr || !url->is_string()) {
    co_return Raised{"TypeError", "the task http needs the keyword argument url"};
  }
  const auto answer =
      co_await guard.post({.url = std::string(url->get_string()),
                           .headers = headers_for(call),
                           .body = body_for(call),
                           .max_answer = options.max_answer,
                           .deadline = Deadline::after(options.time_out).sooner(call.deadline),
                           .cancel = call.stop});
  if (!answer) co_return judge_error(answer.error(), call, options);
  co_return judge_answer({.status = answer->status,
                          .retry_after = std::string(answer->headers.get("Retry-After")),
                          .content_type = std::string(answer->headers.get("Content-Type")),
                          .body = answer->body,
                          .cut = answer->cut},
                         call.retries, options);
}

}  // namespace

FunctionResult judge_answer(const HttpAnswer& answer, int retries,
                            const HttpFunctionOptions& options) {
  const int status = answer.status;
  if (status >= 200 && status < 300) return value_of(answer);
  if (status == 429 || status == 408 || status >= 500) {
    const auto wait =
        status == 429 || status == 503 ? seconds_in(answer.retry_after) : std::nullopt;
    return again_or_raise(exception_of(answer), retries, options, wait);
  }
  return exception_of(answer);
}

Function function_at(net::HttpClient& client, std::string url, Secret token,
                     HttpFunctionOptions options) {
  return [&client, url = std::move(url), token = std::move(token),
          options] [[clang::coro_wrapper]] (TaskCall call) {
    return post(client, url, token, options, std::move(call));
  };
}

Function guarded_function(net::EgressGuard& guard, HttpFunctionOptions options) {
  return [&guard, options] [[clang::coro_wrapper]] (TaskCall call) {
    return post_guarded(guard, options, std::move(call));
  };
}

}  // namespace selvage::celery
