// Traces: which work belongs together, over processes. A TraceContext travels in W3C headers
// (traceparent, tracestate); a Span is one piece of work, recorded when it ends.
//
//   Span span = start_span(tracer, "process generate", SpanKind::consumer, parent);
//   Span stage = span.child("inputs");
//   stage.set("pictures", 3);
//
// Passed explicitly like log::Context, and for the same reason. With `tracer` null all of it does
// nothing and allocates nothing. A span belongs to one thread at a time.
// https://www.w3.org/TR/trace-context/
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"

namespace selvage {

inline constexpr std::size_t kMaxTraceState = 512;  // bytes; a longer tracestate is dropped
inline constexpr std::size_t kMaxSpanAttributes = 32;
inline constexpr std::size_t kMaxAttributeBytes = 1024;  // of a text; the rest is cut

struct TraceContext {
  std::array<std::uint8_t, 16> trace_id{};
  std::array<std::uint8_t, 8> span_id{};
  bool sampled = false;
  std::string state;  // tracestate as it came, or empty

  // Strict: a malformed traceparent gives one that is not valid(), a malformed tracestate none.
  [[nodiscard]] static TraceContext parse(std::string_view traceparent,
                                          std::string_view tracestate = {});
  [[nodiscard]] bool valid() const;  // neither id is all zeros
  // "00-<trace>-<span>-01"; empty when not valid.
  [[nodiscard]] std::string traceparent() const;
  [[nodiscard]] std::string trace_hex() const;

  bool operator==(const TraceContext&) const = default;
};

// Numbered as in OTLP.
enum class SpanKind { internal = 1, server, client, producer, consumer };

struct SpanAttribute {
  std::string key;
  std::variant<std::string, std::int64_t, double, bool> value;
};

struct FinishedSpan {
  TraceContext context;
  std::array<std::uint8_t, 8> parent_id{};  // all zeros: the root of its trace
  std::string name;
  SpanKind kind = SpanKind::internal;
  std::int64_t start_ns = 0;  // since the Unix epoch; wall clock
  std::int64_t end_ns = 0;    // start and what the steady clock measured
  std::vector<SpanAttribute> attributes;
  std::uint32_t dropped_attributes = 0;
  bool failed = false;
  std::string failure;  // for people
};

// Where spans go. Any thread may call both.
class Tracer {
 public:
  virtual ~Tracer() = default;
  // Neither blocks nor fails; what finds no room is counted and dropped.
  virtual void record(FinishedSpan span) = 0;
  // Whether a trace that begins here is recorded.
  [[nodiscard]] virtual bool samples(const std::array<std::uint8_t, 16>& trace_id) const = 0;
};

class Span {
 public:
  Span();  // of no trace
  Span(Span&& other) noexcept;
  Span& operator=(Span&& other) noexcept;
  ~Span();  // ends it

  // Whether it belongs to a trace, recorded or not.
  [[nodiscard]] explicit operator bool() const { return state_ != nullptr; }
  // What callees and messages are given; not valid() without a trace.
  [[nodiscard]] const TraceContext& context() const;
  [[nodiscard]] Span child(std::string_view name, SpanKind kind = SpanKind::internal) const;

  void rename(std::string_view name);
  // Past kMaxSpanAttributes they are counted only.
  void set(std::string_view key, std::string_view value);
  void set(std::string_view key, const char* value) { set(key, std::string_view(value)); }
  void set(std::string_view key, const std::string& value) { set(key, std::string_view(value)); }
  void set(std::string_view key, bool value);
  void set(std::string_view key, std::int64_t value);
  void set(std::string_view key, int value) { set(key, std::int64_t{value}); }
  void set(std::string_view key, double value);
  // What went wrong, for people; no secrets.
  void fail(std::string_view what);
  void end();

 private:
  friend Span start_span(Tracer* tracer, std::string_view name, SpanKind kind,
                         const TraceContext& parent);
  struct State;
  explicit Span(std::unique_ptr<State> state);
  void add(std::string_view key, std::variant<std::string, std::int64_t, double, bool> value);
  std::unique_ptr<State> state_;
};

// A child of `parent`, recorded when that is; without a valid parent the root of a new trace. Of no
// trace when `tracer` is null; it outlives the span.
[[nodiscard]] Span start_span(Tracer* tracer, std::string_view name, SpanKind kind,
                              const TraceContext& parent = {});
// Of no trace when `parent` is null.
[[nodiscard]] Span child_of(const Span* parent, std::string_view name,
                            SpanKind kind = SpanKind::internal);

}  // namespace selvage
