#include "net/detail/otlp_json.hpp"

#include <boost/json.hpp>
#include <charconv>

#include "base/json.hpp"
#include "base/text.hpp"

namespace selvage::net::detail {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr int kStatusError = 2;
constexpr int kSampledFlag = 1;

// JSON is UTF-8; a text that was cut, or came from outside, may not be.
json::value text(std::string_view given) {
  if (is_valid_utf8(given)) return json::value(given);
  std::string mended;
  while (!given.empty()) {
    const std::size_t length = utf8_sequence(given);
    mended += length == 0 ? kReplacement : given.substr(0, length);
    given.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return json::value(mended);
}

template <std::size_t N>
std::string hex(const std::array<std::uint8_t, N>& bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const std::uint8_t byte : bytes) out += {kDigits[byte >> 4], kDigits[byte & 15]};
  return out;
}

json::object attribute(std::string_view key, json::value value) {
  json::object object;
  object["key"] = text(key);
  object["value"] = std::move(value);
  return object;
}

struct ToValue {
  json::value operator()(const std::string& given) const {
    return json::object{{"stringValue", text(given)}};
  }
  json::value operator()(std::int64_t given) const {
    return json::object{{"intValue", std::to_string(given)}};
  }
  json::value operator()(double given) const { return json::object{{"doubleValue", given}}; }
  json::value operator()(bool given) const { return json::object{{"boolValue", given}}; }
};

json::object span_object(const FinishedSpan& span) {
  json::object object;
  object["traceId"] = hex(span.context.trace_id);
  object["spanId"] = hex(span.context.span_id);
  if (span.parent_id != decltype(span.parent_id){}) object["parentSpanId"] = hex(span.parent_id);
  if (!span.context.state.empty()) object["traceState"] = span.context.state;
  object["flags"] = kSampledFlag;
  object["name"] = text(span.name);
  object["kind"] = static_cast<int>(span.kind);
  object["startTimeUnixNano"] = std::to_string(span.start_ns);
  object["endTimeUnixNano"] = std::to_string(span.end_ns);
  json::array attributes;
  for (const SpanAttribute& given : span.attributes) {
    attributes.push_back(attribute(given.key, std::visit(ToValue(), given.value)));
  }
  object["attributes"] = std::move(attributes);
  if (span.dropped_attributes > 0) object["droppedAttributesCount"] = span.dropped_attributes;
  json::object status;
  if (span.failed) {
    status["code"] = kStatusError;
    status["message"] = text(span.failure);
  }
  object["status"] = std::move(status);
  return object;
}

}  // namespace

std::string otlp_request(const std::vector<std::pair<std::string, std::string>>& resource,
                         std::span<const FinishedSpan> spans) {
  json::array attributes;
  for (const auto& [key, value] : resource) {
    attributes.push_back(attribute(key, ToValue()(value)));
  }
  json::array list;
  list.reserve(spans.size());
  for (const FinishedSpan& span : spans) list.push_back(span_object(span));
  json::object scope;
  scope["name"] = "selvage";
  json::object scope_spans;
  scope_spans["scope"] = std::move(scope);
  scope_spans["spans"] = std::move(list);
  json::object resource_spans;
  resource_spans["resource"] = json::object{{"attributes", std::move(attributes)}};
  resource_spans["scopeSpans"] = json::array{std::move(scope_spans)};
  json::object request;
  request["resourceSpans"] = json::array{std::move(resource_spans)};
  return json::dump(request);
}

Rejected read_otlp_response(std::string_view body) {
  const Result<json::value> parsed = json::parse(body);
  const json::object* const answer = parsed ? parsed->if_object() : nullptr;
  const json::value* const partial = answer ? answer->if_contains("partialSuccess") : nullptr;
  if (partial == nullptr || !partial->is_object()) return {};
  Rejected rejected;
  if (const json::value* count = partial->get_object().if_contains("rejectedSpans")) {
    if (count->is_string()) {
      const std::string_view digits = count->get_string();
      std::from_chars(digits.data(), digits.data() + digits.size(), rejected.spans);
    } else if (count->is_number()) {
      rejected.spans = count->to_number<std::int64_t>();
    }
  }
  if (const json::value* message = partial->get_object().if_contains("errorMessage");
      message != nullptr && message->is_string()) {
    rejected.message = std::string_view(message->get_string());
  }
  return rejected;
}

}  // namespace selvage::net::detail
