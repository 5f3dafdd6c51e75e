// The exporter against tests/standins/otlp_collector.py, which checks what comes.
#include "net/otlp_exporter.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <boost/json.hpp>
#include <functional>
#include <thread>

#include "base/json.hpp"
#include "base/log.hpp"
#include "base/task_group.hpp"
#include "net/http_client.hpp"
#include "support/stand_in.hpp"

namespace selvage::net {
namespace {

using testing::StandIn;

Task<std::string> ask_here(Method method, std::string url, std::string body) {
  HttpClient client(Loop::current(), {});
  ClientRequest request;
  request.method = method;
  request.url = std::move(url);
  request.body = std::move(body);
  request.deadline = Deadline::after(seconds(30));
  auto answer = co_await client.send(std::move(request));
  REQUIRE_MESSAGE(answer.has_value(), answer.error().describe());
  co_return std::move(answer->body);
}
std::string ask(Method method, std::string url, std::string body = {}) {
  Loop loop;
  return loop.run_until_done(ask_here(method, std::move(url), std::move(body)));
}

struct Bench {
  explicit Bench(const StandIn& stand_in, OtlpOptions wanted = {}) : server(stand_in) {
    wanted.url = server.url("/v1/traces");
    wanted.resource = {{"service.name", "test"}};
    exporter = std::make_unique<OtlpExporter>(loop, std::move(wanted), metrics);
  }
  void record(int count, const std::string& name = "work") {
    for (int i = 0; i < count; ++i) {
      Span span = start_span(exporter.get(), name, SpanKind::internal);
      span.set("number", i);
    }
  }
  // The exporter runs on a thread of its own until finish(), which flushes.
  void start() {
    thread = std::thread([this] { loop.run_until_done(run()); });
  }
  void finish() {
    if (!thread.joinable()) start();
    ending = true;
    thread.join();
  }
  void wait_until(const std::function<bool()>& done) {
    if (!thread.joinable()) start();
    const Deadline patience = Deadline::after(seconds(60));
    while (!done() && !patience.passed()) std::this_thread::sleep_for(milliseconds(5));
    CHECK_FALSE(patience.passed());
  }
  ~Bench() {
    if (thread.joinable()) finish();
  }
  std::uint64_t dropped(std::string reason) {
    return metrics.counter("otel_spans_dropped_total", "", {{"reason", std::move(reason)}}).value();
  }
  std::uint64_t exported() { return metrics.counter("otel_spans_exported_total", "").value(); }
  void fault(const std::string& what, int times) {
    ask(Method::post, server.url("/_standin/faults"),
        R"([{"do":")" + what + R"(","times":)" + std::to_string(times) + "}]");
  }
  json::value spans() {
    return json::parse(ask(Method::get, server.url("/_standin/spans"))).value();
  }
  std::size_t calls() {
    return json::parse(ask(Method::get, server.url("/_standin/calls")))->as_array().size();
  }

  const StandIn& server;
  Registry metrics;
  Loop loop;
  std::unique_ptr<OtlpExporter> exporter;

 private:
  Task<void> run() {
    CancelSource stop;
    TaskGroup group;
    group.spawn(exporter->run(stop.token()), "exporter");
    while (!ending) co_await sleep_for(milliseconds(5));
    stop.cancel();
    co_await group.join();
  }
  std::thread thread;
  std::atomic<bool> ending = false;
};

TEST_CASE("OTLP exporter: spans arrive as the specification wants them, and once") {
  const StandIn server("otlp_collector.py");
  OtlpOptions options{.batch_wait = milliseconds(50)};
  options.headers.emplace_back("x-api-key", Secret("k1"));
  Bench bench(server, std::move(options));
  const TraceContext parent =
      TraceContext::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "v=1");
  {
    Span server_span = start_span(bench.exporter.get(), "GET /x", SpanKind::server, parent);
    server_span.set("http.route", "/x");
    server_span.fail("answered 500");
    const Span child = server_span.child("stage");
  }
  bench.wait_until([&] { return bench.exported() == 2; });
  CHECK(ask(Method::get, server.url("/_standin/problems")) == "[]");
  const json::value spans = bench.spans();
  const auto& child = spans.at(0);
  const auto& root = spans.at(1);
  CHECK(root.at("trace_id") == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(root.at("parent_id") == "00f067aa0ba902b7");
  CHECK(root.at("trace_state") == "v=1");
  CHECK(root.at("kind") == "server");
  CHECK(root.at("failed") == true);
  CHECK(child.at("parent_id") == root.at("span_id"));
  CHECK(child.at("resource").at("service.name") == "test");
  const std::string calls = ask(Method::get, server.url("/_standin/calls"));
  CHECK(calls.find(R"("x-api-key": "k1")") != std::string::npos);
}

TEST_CASE("OTLP exporter: what is left is sent at the end, in batches") {
  const StandIn server("otlp_collector.py");
  Bench bench(server, {.max_batch = 100, .batch_wait = seconds(60)});
  bench.record(250);
  bench.finish();
  CHECK(bench.spans().as_array().size() == 250);
  CHECK(bench.exported() == 250);
  CHECK(bench.calls() == 3);
}

TEST_CASE("OTLP exporter: a full batch does not wait for its time") {
  const StandIn server("otlp_collector.py");
  Bench bench(server, {.max_batch = 100, .batch_wait = seconds(3600)});
  bench.record(100);
  bench.wait_until([&] { return bench.exported() == 100; });
}

TEST_CASE("OTLP exporter: a collector that hangs costs spans, never time") {
  const StandIn server("otlp_collector.py");
  Bench bench(server, {.max_queued = 1000,
                       .batch_wait = milliseconds(10),
                       .give_up = milliseconds(300),
                       .flush_time = milliseconds(300)});
  bench.fault("hang", 1'000'000);
  const SteadyTime begun = steady_now();
  bench.record(50'000);
  CHECK(steady_now() - begun < seconds(5));
  CHECK(bench.dropped("queue") == 49'000);
  bench.wait_until([&] { return bench.dropped("failed") > 0; });
  bench.finish();
  CHECK(steady_now() - begun < seconds(15));
  CHECK(bench.exported() == 0);
  CHECK(bench.dropped("queue") + bench.dropped("failed") == 50'000);
}

TEST_CASE("OTLP exporter: passing faults are outlived, refusals are not repeated") {
  const StandIn server("otlp_collector.py");
  const log::CaptureForTest log;
  Bench bench(server, {.batch_wait = milliseconds(10)});
  bench.fault("refuse=503;0", 2);
  bench.record(5);
  bench.wait_until([&] { return bench.exported() == 5; });
  CHECK(bench.calls() == 3);
  CHECK_FALSE(log.contains("trace_export_failed"));

  bench.fault("refuse=400", 1'000'000);
  bench.record(3);
  bench.wait_until([&] { return bench.dropped("failed") == 3; });
  CHECK(bench.calls() <= 3 + 3);  // the three may go in up to three batches
  CHECK(log.contains("trace_export_failed"));

  bench.fault("reject=1", 1);
  bench.record(1);
  bench.wait_until([&] { return bench.dropped("rejected") == 1; });
  bench.record(2);
  bench.wait_until([&] { return bench.exported() == 7; });
}

TEST_CASE("OTLP exporter: a collector that is away ends nothing and is complained of once") {
  const log::CaptureForTest log;
  Registry metrics;
  Loop loop;
  OtlpOptions options{.batch_wait = milliseconds(10),
                      .give_up = milliseconds(200),
                      .flush_time = milliseconds(200)};
  options.url = "http://127.0.0.1:1/v1/traces";
  OtlpExporter exporter(loop, std::move(options), metrics);
  struct Run {
    static Task<void> all(OtlpExporter& exporter) {
      CancelSource stop;
      TaskGroup group;
      group.spawn(exporter.run(stop.token()), "exporter");
      for (int i = 0; i < 5; ++i) {
        {
          const Span span = start_span(&exporter, "work", SpanKind::internal);
        }
        co_await sleep_for(milliseconds(60));
      }
      stop.cancel();
      co_await group.join();
    }
  };
  loop.run_until_done(Run::all(exporter));
  CHECK(metrics.counter("otel_spans_dropped_total", "", {{"reason", "failed"}}).value() == 5);
  std::size_t complaints = 0;
  for (const std::string& line : log.lines()) complaints += line.contains("trace_export_failed");
  CHECK(complaints == 1);
}

TEST_CASE("OTLP exporter: the share of traces that is recorded is the one that was asked for") {
  Registry metrics;
  Loop loop;
  for (const double ratio : {0.0, 0.25, 1.0}) {
    OtlpOptions options{.max_queued = 1};
    options.ratio = ratio;
    OtlpExporter exporter(loop, std::move(options), metrics);
    int sampled = 0;
    for (int i = 0; i < 4000; ++i) {
      sampled += start_span(&exporter, "root", SpanKind::server).context().sampled ? 1 : 0;
    }
    CHECK(sampled >= static_cast<int>(4000 * ratio) - 200);
    CHECK(sampled <= static_cast<int>(4000 * ratio) + 200);
    if (ratio == 0.0) CHECK(sampled == 0);
    if (ratio == 1.0) CHECK(sampled == 4000);
  }
}

TEST_CASE("OTLP exporter: spans end on many threads at once") {
  const StandIn server("otlp_collector.py");
  Bench bench(server, {.max_queued = 100'000, .batch_wait = milliseconds(10)});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) threads.emplace_back([&] { bench.record(500); });
  bench.wait_until([&] { return bench.exported() > 0; });
  for (std::thread& thread : threads) thread.join();
  bench.wait_until([&] { return bench.exported() == 2000; });
  CHECK(bench.spans().as_array().size() == 2000);
}

}  // namespace
}  // namespace selvage::net
