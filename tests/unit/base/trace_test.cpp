// W3C Trace Context, and spans.
#include "base/trace.hpp"

#include <doctest/doctest.h>

namespace selvage {
namespace {

const char* const kParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

struct Kept final : Tracer {
  void record(FinishedSpan span) override { spans.push_back(std::move(span)); }
  bool samples(const std::array<std::uint8_t, 16>&) const override { return sampling; }
  std::vector<FinishedSpan> spans;
  bool sampling = true;
};

TEST_CASE("Trace context: a traceparent there and back") {
  const TraceContext context = TraceContext::parse(kParent);
  REQUIRE(context.valid());
  CHECK(context.sampled);
  CHECK(context.trace_hex() == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(context.traceparent() == kParent);
  const TraceContext quiet =
      TraceContext::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
  CHECK(quiet.valid());
  CHECK_FALSE(quiet.sampled);
  // flags beyond "sampled" are not ours to pass on
  CHECK(TraceContext::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff")
            .traceparent() == kParent);
  CHECK(TraceContext().traceparent().empty());
}

TEST_CASE("Trace context: versions to come are read as far as they are known") {
  for (const char* later : {"01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                            "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-else",
                            "fe-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-"}) {
    CAPTURE(later);
    CHECK(TraceContext::parse(later).traceparent() == kParent);
  }
}

TEST_CASE("Trace context: the W3C's malformed traceparents are none") {
  for (const char* bad : {
           "",
           "00",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
           "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.more",
           "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x",
           ".0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00F067AA0BA902B7-01",
           "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
           "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-011",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b-011",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x",
           "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
           " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
       }) {
    CAPTURE(bad);
    CHECK_FALSE(TraceContext::parse(bad).valid());
  }
}

TEST_CASE("Trace context: a tracestate is kept as it came, or dropped whole") {
  const std::string longest_key(256, 'k');
  const std::string longest_value(256, 'v');
  for (const std::string& good :
       {std::string("congo=t61rcWkgMzE"), std::string("rojo=00f067aa0ba902b7,congo=t61 rcWkgMzE"),
        std::string("foo=1, \tbar=2"), std::string("foo=1,"), std::string("foo=1,,bar=2"),
        std::string("t/_-*@sys=x"), std::string("0a=1"), std::string("9@a-b=1"),
        std::string("foo= lead"), "k=" + longest_value}) {
    CAPTURE(good);
    CHECK(TraceContext::parse(kParent, good).state == good);
  }
  std::string many;
  for (int i = 0; i < 33; ++i) many += "k" + std::to_string(i) + "=1,";
  for (const std::string& bad : {std::string(""),
                                 std::string("foo"),
                                 std::string("=1"),
                                 std::string("foo="),
                                 std::string("foo =1"),
                                 std::string("FOO=1"),
                                 std::string("foo.bar=1"),
                                 std::string("foo=1=2"),
                                 std::string("foo@=1"),
                                 std::string("@foo=1"),
                                 std::string("foo@1a=1"),
                                 std::string("foo@bar@baz=1"),
                                 std::string("foo=1,foo=2"),
                                 std::string("foo=1;bar=2,x"),
                                 std::string("foo=\xC3\xA9"),
                                 std::string("foo=a\x01"),
                                 longest_key + "k=1",
                                 "k=" + longest_value + "v",
                                 many,
                                 std::string(",")}) {
    CAPTURE(bad);
    const TraceContext context = TraceContext::parse(kParent, bad);
    CHECK(context.valid());
    CHECK(context.state.empty());
  }
}

TEST_CASE("Spans: without a tracer nothing happens") {
  Span span = start_span(nullptr, "work", SpanKind::server, TraceContext::parse(kParent));
  CHECK_FALSE(span);
  CHECK_FALSE(span.context().valid());
  span.set("key", "value");
  span.fail("x");
  span.rename("y");
  CHECK_FALSE(span.child("stage"));
  CHECK_FALSE(child_of(nullptr, "stage"));
  span.end();
}

TEST_CASE("Spans: a parent from elsewhere, children here, all in one trace") {
  Kept kept;
  {
    Span span =
        start_span(&kept, "work", SpanKind::consumer, TraceContext::parse(kParent, "vendor=1"));
    CHECK(span);
    CHECK(span.context().trace_hex() == "4bf92f3577b34da6a3ce929d0e0e4736");
    CHECK(span.context().span_id != TraceContext::parse(kParent).span_id);
    CHECK(span.context().state == "vendor=1");
    span.set("text", "value");
    span.set("count", 3);
    span.set("share", 0.5);
    span.set("flag", true);
    span.set("count", 4);
    const Span child = span.child("stage");
    CHECK(child.context().trace_id == span.context().trace_id);
  }
  REQUIRE(kept.spans.size() == 2);
  const FinishedSpan& child = kept.spans[0];
  const FinishedSpan& root = kept.spans[1];
  CHECK(child.name == "stage");
  CHECK(child.parent_id == root.context.span_id);
  CHECK(child.kind == SpanKind::internal);
  CHECK(root.parent_id == TraceContext::parse(kParent).span_id);
  CHECK(root.kind == SpanKind::consumer);
  CHECK_FALSE(root.failed);
  REQUIRE(root.attributes.size() == 4);
  CHECK(std::get<std::string>(root.attributes[0].value) == "value");
  CHECK(std::get<std::int64_t>(root.attributes[1].value) == 4);
  CHECK(root.start_ns <= child.start_ns);
  CHECK(root.end_ns >= root.start_ns);
  CHECK(root.start_ns > 1'700'000'000'000'000'000);
}

TEST_CASE("Spans: what is not sampled is passed on and not recorded") {
  Kept kept;
  kept.sampling = false;
  {
    Span root = start_span(&kept, "root", SpanKind::server);
    CHECK(root.context().valid());
    CHECK(root.context().traceparent().ends_with("-00"));
    root.set("key", "value");
    const Span child = root.child("child");
    CHECK(child.context().trace_id == root.context().trace_id);
    // the caller decided: its trace is recorded whatever we would have done
    const Span told = start_span(&kept, "told", SpanKind::server, TraceContext::parse(kParent));
  }
  REQUIRE(kept.spans.size() == 1);
  CHECK(kept.spans[0].name == "told");
}

TEST_CASE("Spans: attributes are bounded, an end is an end, a move moves") {
  Kept kept;
  Span span = start_span(&kept, "work", SpanKind::internal);
  for (std::size_t i = 0; i < kMaxSpanAttributes + 5; ++i) span.set("k" + std::to_string(i), 1);
  span.set("k0", std::string(5000, 'x'));
  span.fail("it broke");
  Span moved = std::move(span);
  moved.end();
  moved.end();
  moved.set("late", 1);
  CHECK_FALSE(moved);
  REQUIRE(kept.spans.size() == 1);
  CHECK(kept.spans[0].attributes.size() == kMaxSpanAttributes);
  CHECK(kept.spans[0].dropped_attributes == 5);
  CHECK(std::get<std::string>(kept.spans[0].attributes[0].value).size() == kMaxAttributeBytes);
  CHECK(kept.spans[0].failed);
  CHECK(kept.spans[0].failure == "it broke");
  Span first = start_span(&kept, "first", SpanKind::internal);
  first = start_span(&kept, "second", SpanKind::internal);  // ends the first
  CHECK(kept.spans.size() == 2);
}

}  // namespace
}  // namespace selvage
