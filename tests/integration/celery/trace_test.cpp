// One trace through Celery's tasks and what follows them.
#include "base/trace.hpp"

#include <mutex>

#include "integration/celery/celery_fixture.hpp"

namespace selvage::celery {

namespace {

const std::string kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string kParent = "00-" + kTrace + "-00f067aa0ba902b7-01";

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

}  // namespace

TEST_CASE("Celery traces: a task is a span below its sender, and so is what follows it") {
  SELVAGE_NEED_REDIS();
  Kept kept;
  CeleryWorld world;
  NodeOptions options = world.options();
  options.worker.tracer = &kept;
  world.start(std::move(options));
  const std::string id =
      world.send("add", "[1]",
                 {.then = {.chain = R"([{"task": "echo", "options": {"task_id": "next"}}])"},
                  .headers = {{"traceparent", "\"" + kParent + "\""}, {"tracestate", R"("v=1")"}}});
  REQUIRE(world.reaches(id, "SUCCESS"));
  REQUIRE(eventually([&] { return world.published().size() == 1; }));
  const Message next = world.published().front();
  world.run_published();
  REQUIRE(world.reaches("next", "SUCCESS"));
  REQUIRE(eventually([&] { return kept.all().size() == 2; }));
  const auto spans = kept.all();
  CHECK(spans[0].name == "process add");
  CHECK(spans[0].context.trace_hex() == kTrace);
  CHECK(spans[0].parent_id == TraceContext::parse(kParent).span_id);
  CHECK(spans[0].context.state == "v=1");
  CHECK(next.traceparent == spans[0].context.traceparent());
  CHECK(spans[1].name == "process echo");
  CHECK(spans[1].context.trace_hex() == kTrace);
  CHECK(spans[1].parent_id == spans[0].context.span_id);
}

}  // namespace selvage::celery
