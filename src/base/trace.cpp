#include "base/trace.hpp"

#include <sodium.h>

#include <algorithm>
#include <chrono>

#include "base/detail/sodium.hpp"
#include "base/detail/trace_state.hpp"

namespace selvage {

namespace {

constexpr std::size_t kHeadLength = 55;  // "00-" + 32 + "-" + 16 + "-" + 2
constexpr std::string_view kHex = "0123456789abcdef";

template <std::size_t N>
bool all_zero(const std::array<std::uint8_t, N>& id) {
  return std::ranges::all_of(id, [](std::uint8_t byte) { return byte == 0; });
}

template <std::size_t N>
void append_hex(std::string& out, const std::array<std::uint8_t, N>& bytes) {
  for (const std::uint8_t byte : bytes) out += {kHex[byte >> 4], kHex[byte & 15]};
}

// Lower case alone, as the standard wants it.
template <std::size_t N>
bool read_hex(std::string_view text, std::array<std::uint8_t, N>& bytes) {
  for (std::size_t i = 0; i < N; ++i) {
    const std::size_t high = kHex.find(text[2 * i]);
    const std::size_t low = kHex.find(text[2 * i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return false;
    bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return true;
}

template <std::size_t N>
std::array<std::uint8_t, N> random_id() {
  detail::ensure_sodium();
  std::array<std::uint8_t, N> id{};
  while (all_zero(id)) randombytes_buf(id.data(), id.size());
  return id;
}

std::int64_t wall_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

TraceContext TraceContext::parse(std::string_view traceparent, std::string_view tracestate) {
  if (traceparent.size() < kHeadLength) return {};
  std::array<std::uint8_t, 1> version{};
  std::array<std::uint8_t, 1> flags{};
  TraceContext context;
  const bool dashes = traceparent[2] == '-' && traceparent[35] == '-' && traceparent[52] == '-';
  if (!dashes || !read_hex(traceparent.substr(0, 2), version) ||
      !read_hex(traceparent.substr(3, 32), context.trace_id) ||
      !read_hex(traceparent.substr(36, 16), context.span_id) ||
      !read_hex(traceparent.substr(53, 2), flags)) {
    return {};
  }
  // Later versions may go on after another dash; version 255 is none.
  const bool longer = traceparent.size() > kHeadLength;
  if (version[0] == 0xFF || (version[0] == 0 && longer)) return {};
  if (longer && traceparent[kHeadLength] != '-') return {};
  if (!context.valid()) return {};
  context.sampled = (flags[0] & 1) != 0;
  if (detail::is_trace_state(tracestate)) context.state = tracestate;
  return context;
}

bool TraceContext::valid() const { return !all_zero(trace_id) && !all_zero(span_id); }

std::string TraceContext::traceparent() const {
  if (!valid()) return {};
  std::string text = "00-";
  text.reserve(kHeadLength);
  append_hex(text, trace_id);
  text += '-';
  append_hex(text, span_id);
  text += sampled ? "-01" : "-00";
  return text;
}

std::string TraceContext::trace_hex() const {
  std::string text;
  append_hex(text, trace_id);
  return text;
}

struct Span::State {
  Tracer& tracer;
  SteadyTime started = steady_now();
  FinishedSpan span{};
};

Span::Span() = default;
Span::Span(std::unique_ptr<State> state) : state_(std::move(state)) {}
Span::Span(Span&& other) noexcept = default;
Span& Span::operator=(Span&& other) noexcept {
  if (this != &other) {
    end();
    state_ = std::move(other.state_);
  }
  return *this;
}
Span::~Span() { end(); }

const TraceContext& Span::context() const {
  static const TraceContext none;
  return state_ ? state_->span.context : none;
}

Span Span::child(std::string_view name, SpanKind kind) const {
  return state_ ? start_span(&state_->tracer, name, kind, state_->span.context) : Span();
}

void Span::rename(std::string_view name) {
  if (state_) state_->span.name = name;
}

void Span::add(std::string_view key, std::variant<std::string, std::int64_t, double, bool> value) {
  FinishedSpan& span = state_->span;
  const auto known = std::ranges::find(span.attributes, key, &SpanAttribute::key);
  if (known != span.attributes.end()) {
    known->value = std::move(value);
  } else if (span.attributes.size() < kMaxSpanAttributes) {
    span.attributes.push_back({std::string(key), std::move(value)});
  } else {
    ++span.dropped_attributes;
  }
}

void Span::set(std::string_view key, std::string_view value) {
  if (state_ && context().sampled) add(key, std::string(value.substr(0, kMaxAttributeBytes)));
}
void Span::set(std::string_view key, bool value) {
  if (state_ && context().sampled) add(key, value);
}
void Span::set(std::string_view key, std::int64_t value) {
  if (state_ && context().sampled) add(key, value);
}
void Span::set(std::string_view key, double value) {
  if (state_ && context().sampled) add(key, value);
}

void Span::fail(std::string_view what) {
  if (!state_) return;
  state_->span.failed = true;
  state_->span.failure = what.substr(0, kMaxAttributeBytes);
}

void Span::end() {
  const std::unique_ptr<State> ended = std::move(state_);
  if (!ended || !ended->span.context.sampled) return;
  ended->span.end_ns =
      ended->span.start_ns +
      std::chrono::duration_cast<std::chrono::nanoseconds>(steady_now() - ended->started).count();
  ended->tracer.record(std::move(ended->span));
}

Span start_span(Tracer* tracer, std::string_view name, SpanKind kind, const TraceContext& parent) {
  if (tracer == nullptr) return {};
  auto state = std::unique_ptr<Span::State>(new Span::State{*tracer});
  FinishedSpan& span = state->span;
  span.context = parent;
  if (parent.valid()) {
    span.parent_id = parent.span_id;
  } else {
    span.context.trace_id = random_id<16>();
    span.context.sampled = tracer->samples(span.context.trace_id);
  }
  span.context.span_id = random_id<8>();
  span.name = name;
  span.kind = kind;
  span.start_ns = wall_ns();
  return Span(std::move(state));
}

Span child_of(const Span* parent, std::string_view name, SpanKind kind) {
  return parent == nullptr ? Span() : parent->child(name, kind);
}

}  // namespace selvage
