// Spans of HTTP exchanges.
#include <doctest/doctest.h>

#include <algorithm>
#include <mutex>
#include <thread>

#include "integration/net/raw_client.hpp"
#include "net/http_server.hpp"
#include "net/loop.hpp"

namespace selvage::net {
namespace {

struct Kept final : Tracer {
  void record(FinishedSpan span) override {
    const std::scoped_lock lock(mutex);
    spans.push_back(std::move(span));
  }
  bool samples(const std::array<std::uint8_t, 16>&) const override { return true; }
  std::vector<FinishedSpan> wait_for(std::size_t count) {
    const Deadline patience = Deadline::after(seconds(20));
    for (;;) {
      {
        const std::scoped_lock lock(mutex);
        if (spans.size() >= count || patience.passed()) return spans;
      }
      std::this_thread::sleep_for(milliseconds(5));
    }
  }
  std::mutex mutex;
  std::vector<FinishedSpan> spans;
};

std::string text_of(const FinishedSpan& span, std::string_view key) {
  const auto found = std::ranges::find(span.attributes, key, &SpanAttribute::key);
  if (found == span.attributes.end()) return "(none)";
  if (const auto* number = std::get_if<std::int64_t>(&found->value)) return std::to_string(*number);
  return std::get<std::string>(found->value);
}

Task<Response> echo_trace(Request request) {
  const Span stage = child_of(request.span, "stage");
  co_return Response::text(
      200, trace_of(request).traceparent() + " " + std::string(request.log.get("trace_id")));
}
Task<Response> fail_now(Request) { co_return Response::text(503, "busy"); }
Task<Response> crash_now(Request) {
  co_await sleep_for(milliseconds(1));
  throw std::runtime_error("a bug");
}

struct Server {
  explicit Server(Tracer* tracer) {
    const auto add = [this](const char* pattern, Task<Response> (*function)(Request), bool traced) {
      router.add(
          {.method = Method::get, .pattern = pattern, .handler = function, .traced = traced});
    };
    add("/jobs/{id}", echo_trace, true);
    add("/quiet", echo_trace, false);
    add("/busy", fail_now, true);
    add("/crash", crash_now, true);
    ServerOptions options{.port = 0, .threads = 1};
    options.tracer = tracer;
    http = std::make_unique<HttpServer>(std::move(options), router, metrics);
    REQUIRE(http->start().has_value());
  }
  ~Server() { http->stop(milliseconds(1000)); }
  std::string get(const std::string& target, const std::string& headers = {}) {
    RawClient client(http->port());
    return client.ask("GET " + target + " HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n").body;
  }
  Registry metrics;
  Router router;
  std::unique_ptr<HttpServer> http;
};

const std::string kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string kParent = "00-" + kTrace + "-00f067aa0ba902b7-01";

TEST_CASE("HTTP traces: a request goes on with the trace that its client began") {
  Kept kept;
  Server server(&kept);
  const std::string body = server.get("/jobs/7?signature=secret", "TraceParent: " + kParent +
                                                                      "\r\ntracestate: a=1\r\n"
                                                                      "tracestate: b=2\r\n");
  CHECK(body.starts_with("00-" + kTrace));
  CHECK(body.ends_with(" " + kTrace));
  const auto spans = kept.wait_for(2);
  REQUIRE(spans.size() == 2);
  CHECK(spans[0].name == "stage");
  CHECK(spans[0].parent_id == spans[1].context.span_id);
  const FinishedSpan& span = spans[1];
  CHECK(span.name == "GET /jobs/{id}");
  CHECK(span.kind == SpanKind::server);
  CHECK(span.context.trace_hex() == kTrace);
  CHECK(span.parent_id == TraceContext::parse(kParent).span_id);
  CHECK(span.context.state == "a=1,b=2");
  CHECK(text_of(span, "http.request.method") == "GET");
  CHECK(text_of(span, "http.route") == "/jobs/{id}");
  CHECK(text_of(span, "url.path") == "/jobs/7");
  CHECK(text_of(span, "http.response.status_code") == "200");
  CHECK_FALSE(span.failed);
}

TEST_CASE("HTTP traces: without a usable traceparent a new trace begins") {
  Kept kept;
  Server server(&kept);
  server.get("/jobs/1");
  server.get("/jobs/1", "traceparent: 00-zz\r\n");
  server.get("/jobs/1", "traceparent: " + kParent + "\r\ntraceparent: " + kParent + "\r\n");
  const auto spans = kept.wait_for(6);
  REQUIRE(spans.size() == 6);
  for (const FinishedSpan& span : spans) CHECK(span.context.trace_hex() != kTrace);
  CHECK(spans[1].parent_id == decltype(spans[1].parent_id){});
  CHECK(spans[1].context.trace_id != spans[3].context.trace_id);
}

TEST_CASE(
    "HTTP traces: failures are failures, crashes too; probes and unknown paths are no spans") {
  Kept kept;
  Server server(&kept);
  CHECK(server.get("/quiet", "traceparent: " + kParent + "\r\n") == " ");
  server.get("/nowhere");
  server.get("/busy");
  server.get("/crash");
  server.get("/jobs/1", "traceparent: " + kParent.substr(0, kParent.size() - 1) + "0\r\n");
  server.get("/jobs/2");
  const auto spans = kept.wait_for(4);
  REQUIRE(spans.size() == 4);  // and none of the request whose client does not want it
  CHECK(spans[0].name == "GET /busy");
  CHECK(spans[0].failed);
  CHECK(text_of(spans[0], "error.type") == "503");
  CHECK(spans[1].name == "GET /crash");
  CHECK(text_of(spans[1], "error.type") == "500");
}

TEST_CASE("HTTP traces: without a tracer a request knows of no trace") {
  Server server(nullptr);
  CHECK(server.get("/jobs/1", "traceparent: " + kParent + "\r\n") == " ");
}

}  // namespace
}  // namespace selvage::net
