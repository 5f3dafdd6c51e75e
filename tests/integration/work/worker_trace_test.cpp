// Spans of a worker's runs.
#include <algorithm>
#include <mutex>

#include "base/trace.hpp"
#include "integration/work/worker_fixture.hpp"

namespace selvage::work {

namespace {

const char* const kParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

struct Kept final : Tracer {
  void record(FinishedSpan span) override {
    const std::scoped_lock lock(mutex);
    spans.push_back(std::move(span));
  }
  bool samples(const std::array<std::uint8_t, 16>&) const override { return true; }
  std::vector<FinishedSpan> all() {
    const std::scoped_lock lock(mutex);
    return spans;
  }
  std::mutex mutex;
  std::vector<FinishedSpan> spans;
};

// Its payload is the answer it gives, and each task was made in the trace kParent.
class TracedHandler final : public JobHandler {
 public:
  Task<Outcome> handle(JobContext job) override {
    const Span stage = child_of(job.span, "stage");
    log_had_trace = job.log.get("trace_id") == "4bf92f3577b34da6a3ce929d0e0e4736";
    if (job.lease.payload == "fail") co_return Done{"out_of_luck"};
    if (job.lease.payload == "bury") co_return Bury{"malformed"};
    if (job.lease.payload == "crash") throw std::runtime_error("a bug");
    co_return Done{};
  }
  Task<void> give_up(JobContext, std::string) override { co_return; }
  std::string name() const override { return "act"; }
  TraceContext trace_parent(const Lease&) const override { return TraceContext::parse(kParent); }
  std::atomic<bool> log_had_trace = false;
};

std::string text_of(const FinishedSpan& span, std::string_view key) {
  const auto found = std::ranges::find(span.attributes, key, &SpanAttribute::key);
  return found == span.attributes.end() ? "(none)" : std::get<std::string>(found->value);
}

}  // namespace

TEST_CASE("Worker traces: each run is a span below the task's producer, with how it ended") {
  QueueFixture queue;
  Kept kept;
  TracedHandler handler;
  WorkerOptions options = quick_options();
  SUBCASE("on") { options.tracer = &kept; }
  SUBCASE("off") {}
  for (const char* payload : {"done", "fail", "bury", "crash"})
    queue.enqueue({{.id = payload, .queue = kQueue, .payload = payload}});
  RunningWorker worker(*queue.broker, handler, options);
  CHECK(eventually([&] {
    const WorkerStatus status = worker.status();
    return status.done + status.failed == 4;
  }));
  worker.stop();
  CHECK(handler.log_had_trace == (options.tracer != nullptr));
  std::vector<FinishedSpan> spans = kept.all();
  if (options.tracer == nullptr) {
    CHECK(spans.empty());
    return;
  }
  REQUIRE(spans.size() == 8);
  std::map<std::string, FinishedSpan> runs;
  for (const FinishedSpan& span : spans) {
    CHECK(span.context.trace_hex() == "4bf92f3577b34da6a3ce929d0e0e4736");
    if (span.name == "process act") runs[text_of(span, "messaging.message.id")] = span;
  }
  REQUIRE(runs.size() == 4);
  for (const auto& [id, run] : runs) {
    CAPTURE(id);
    CHECK(run.kind == SpanKind::consumer);
    CHECK(run.parent_id == TraceContext::parse(kParent).span_id);
    CHECK(text_of(run, "messaging.destination.name") == kQueue);
    CHECK(run.failed == (id != "done"));
    CHECK(std::ranges::count(spans, run.context.span_id, &FinishedSpan::parent_id) == 1);
  }
  CHECK(text_of(runs.at("done"), "selvage.outcome") == "done");
  CHECK(text_of(runs.at("fail"), "selvage.outcome") == "failed");
  CHECK(text_of(runs.at("fail"), "error.type") == "out_of_luck");
  CHECK(text_of(runs.at("bury"), "selvage.outcome") == "buried");
  CHECK(text_of(runs.at("crash"), "selvage.outcome") == "buried");
}

}  // namespace selvage::work
