// OTLP: what is sent, what is read, and by which settings.
#include <doctest/doctest.h>

#include <boost/json.hpp>

#include "base/json.hpp"
#include "net/detail/otlp_json.hpp"
#include "net/otlp_exporter.hpp"

namespace selvage::net {
namespace {

FinishedSpan span_of(std::string name) {
  FinishedSpan span;
  span.context =
      TraceContext::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "v=1");
  span.name = std::move(name);
  span.start_ns = 1'763'700'000'123'456'789;
  span.end_ns = 1'763'700'000'223'456'789;
  return span;
}

TEST_CASE("OTLP: a span in JSON, member by member") {
  FinishedSpan span = span_of("process generate");
  span.kind = SpanKind::consumer;
  span.parent_id = {0, 0, 0, 0, 0, 0, 0, 0xAB};
  span.attributes = {{"text", "x"}, {"count", std::int64_t{-5}}, {"share", 0.5}, {"flag", true}};
  span.dropped_attributes = 2;
  span.failed = true;
  span.failure = "it broke";
  CHECK(detail::otlp_request({{"service.name", "shop"}}, {&span, 1}) ==
        R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":)"
        R"({"stringValue":"shop"}}]},"scopeSpans":[{"scope":{"name":"selvage"},"spans":[{)"
        R"("traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7",)"
        R"("parentSpanId":"00000000000000ab","traceState":"v=1","flags":1,)"
        R"("name":"process generate","kind":5,"startTimeUnixNano":"1763700000123456789",)"
        R"("endTimeUnixNano":"1763700000223456789","attributes":[)"
        R"({"key":"text","value":{"stringValue":"x"}},{"key":"count","value":{"intValue":"-5"}},)"
        R"({"key":"share","value":{"doubleValue":0.5}},{"key":"flag","value":{"boolValue":true}}],)"
        R"("droppedAttributesCount":2,"status":{"code":2,"message":"it broke"}}]}]}]})");
}

TEST_CASE("OTLP: a root has no parent, and broken UTF-8 is mended") {
  FinishedSpan span = span_of(
      "a\xFF"
      "b\xC3");
  span.context.state.clear();
  const std::string text = detail::otlp_request({}, {&span, 1});
  CHECK(text.find("parentSpanId") == std::string::npos);
  CHECK(text.find("traceState") == std::string::npos);
  CHECK(text.find("\"a\xEF\xBF\xBD"
                  "b\xEF\xBF\xBD\"") != std::string::npos);
  CHECK(json::parse(text).has_value());
}

TEST_CASE("OTLP: what a collector did not take") {
  CHECK(
      detail::read_otlp_response(R"({"partialSuccess":{"rejectedSpans":"3","errorMessage":"old"}})")
          .spans == 3);
  CHECK(detail::read_otlp_response(R"({"partialSuccess":{"rejectedSpans":7}})").spans == 7);
  CHECK(detail::read_otlp_response(R"({"partialSuccess":{"errorMessage":"hm"}})").message == "hm");
  for (const char* none : {"", "{}", "[]", "<html>", R"({"partialSuccess":null})",
                           R"({"partialSuccess":{"rejectedSpans":"many"}})",
                           R"({"partialSuccess":{"rejectedSpans":{}}})"}) {
    CAPTURE(none);
    CHECK(detail::read_otlp_response(none).spans == 0);
  }
}

Result<std::optional<OtlpOptions>> options_of(std::map<std::string, std::string> environment) {
  const auto settings = Settings::load({kTraceSettings}, {{}, std::move(environment), {}});
  REQUIRE_MESSAGE(settings.has_value(), settings.error().describe());
  return otlp_options(*settings, "1.2.3");
}
std::string resource_of(const OtlpOptions& options, std::string_view key) {
  for (const auto& [name, value] : options.resource) {
    if (name == key) return value;
  }
  return "(none)";
}

TEST_CASE("OTLP settings: off until an endpoint is set") {
  CHECK_FALSE(options_of({}).value().has_value());
  CHECK_FALSE(options_of({{"OTEL_SERVICE_NAME", "shop"}}).value().has_value());
  CHECK_FALSE(options_of({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318"},
                          {"OTEL_SDK_DISABLED", "true"}})
                  .value()
                  .has_value());
}

TEST_CASE("OTLP settings: the endpoint, headers and resource by OpenTelemetry's rules") {
  const OtlpOptions plain =
      options_of({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318/otlp/"}}).value().value();
  CHECK(plain.url == "http://localhost:4318/otlp/v1/traces");
  CHECK(plain.ratio == 1);
  CHECK(plain.headers.empty());
  CHECK(resource_of(plain, "service.name") == "selvage");
  CHECK(resource_of(plain, "service.version") == "1.2.3");
  const OtlpOptions full =
      options_of({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318"},
                  {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://c.example/t"},
                  {"OTEL_EXPORTER_OTLP_HEADERS", "x-api-key=k%2C1, tenant = 7"},
                  {"OTEL_SERVICE_NAME", "shop"},
                  {"OTEL_RESOURCE_ATTRIBUTES", "service.name=no,deployment.environment.name=prod"},
                  {"OTEL_TRACES_SAMPLER_ARG", "0.25"}})
          .value()
          .value();
  CHECK(full.url == "https://c.example/t");
  REQUIRE(full.headers.size() == 2);
  CHECK(full.headers[0].first == "x-api-key");
  CHECK(full.headers[0].second.reveal() == "k,1");
  CHECK(full.headers[1].first == "tenant");
  CHECK(full.headers[1].second.reveal() == "7");
  CHECK(resource_of(full, "service.name") == "shop");
  CHECK(resource_of(full, "deployment.environment.name") == "prod");
  CHECK(full.ratio == 0.25);
  CHECK(resource_of(options_of({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://x"},
                                {"OTEL_RESOURCE_ATTRIBUTES", "service.name=shop"}})
                        .value()
                        .value(),
                    "service.name") == "shop");
}

TEST_CASE("OTLP settings: what is wrong is told without a secret") {
  for (const auto& [name, value] :
       std::map<std::string, std::string>{{"OTEL_EXPORTER_OTLP_HEADERS", "hunter22-without-a-name"},
                                          {"OTEL_RESOURCE_ATTRIBUTES", "=x"},
                                          {"OTEL_TRACES_SAMPLER_ARG", "1.5"}}) {
    CAPTURE(name);
    const auto refused = options_of({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://x"}, {name, value}});
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == "settings.otel");
    CHECK(refused.error().message.starts_with(name));
    CHECK(refused.error().describe().find("hunter22") == std::string::npos);
    CHECK_FALSE(refused.error().hint.empty());
  }
  for (const char* header : {"bad name=1", "x=a%0D%0Ab", "x=%ZZ"}) {
    CAPTURE(header);
    CHECK(options_of(
              {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://x"}, {"OTEL_EXPORTER_OTLP_HEADERS", header}})
              .error()
              .code == "settings.otel");
  }
}

}  // namespace
}  // namespace selvage::net
