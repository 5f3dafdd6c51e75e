// What the OpenAI provider knows and decides, without a network.
#include <doctest/doctest.h>

#include "tryon/openai/api_error.hpp"
#include "tryon/openai/backoff.hpp"
#include "tryon/openai/edit_request.hpp"
#include "tryon/openai/edit_response.hpp"
#include "tryon/openai/models.hpp"

namespace selvage::tryon::openai {
namespace {

using namespace std::chrono_literals;

Timestamp at(std::string_view text) { return *parse_rfc3339(text); }

TEST_CASE("OpenAI models: snapshots share the row of their model, other names do not") {
  CHECK(find_model("gpt-image-2")->id == "gpt-image-2");
  CHECK(find_model("gpt-image-2-2026-04-21")->id == "gpt-image-2");
  CHECK(find_model("gpt-image-2.5-sunburst-2026-09-08")->id == "gpt-image-2.5-sunburst");
  CHECK(find_model("gpt-image-1.5-2025-12-16")->id == "gpt-image-1.5");
  CHECK(find_model("gpt-image-1-mini")->id == "gpt-image-1-mini");
  CHECK(find_model("gpt-image-2.6-flare")->id == "gpt-image-2.6-flare");
  CHECK(find_model("gpt-image-2.5") == nullptr);
  CHECK(find_model("gpt-image-3") == nullptr);
  CHECK(find_model("") == nullptr);
  CHECK(capabilities_of("gpt-image-3").high_qualities);
  CHECK_FALSE(capabilities_of("gpt-image-3").input_fidelity);
}

TEST_CASE("OpenAI models: each takes its own sizes") {
  const Model& old_model = *find_model("gpt-image-1.5");
  for (const char* size : {"1024x1024", "1536x1024", "1024x1536", "auto"})
    CHECK(check_size(old_model, size));
  for (const char* size : {"1024x1792", "512x512", "", "1024X1024"})
    CHECK_FALSE(check_size(old_model, size));

  const Model& flexible = *find_model("gpt-image-2.5-flare");
  for (const char* size : {"1024x1536", "auto", "816x1456", "3840x2160", "1280x512", "1408x480"}) {
    CAPTURE(size);
    CHECK(check_size(flexible, size));
  }
  for (const char* size :
       {"1024", "1024x", "x1024", "1000x1000", "1024x1025", "3856x1024", "3840x3840", "512x512",
        "3200x1024", "-1024x1024", "0x0", "1024x1024x1", "99999999999x16", ""}) {
    CAPTURE(size);
    const auto refused = check_size(flexible, size);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.starts_with("OPENAI_SIZE"));
    CHECK_FALSE(refused.error().hint.empty());
  }
}

TEST_CASE("OpenAI models: the highest qualities came with 2.5") {
  CHECK(check_quality(*find_model("gpt-image-2.6-sunburst"), "max"));
  CHECK(check_quality(*find_model("gpt-image-2"), "high"));
  CHECK_FALSE(check_quality(*find_model("gpt-image-2"), "xhigh"));
  CHECK_FALSE(check_quality(*find_model("gpt-image-1.5"), "max"));
}

TEST_CASE("OpenAI models: days until a shut-down count from the day's start") {
  CHECK(days_until("2026-12-01", at("2026-11-21T00:00:00Z")) == 10);
  CHECK(days_until("2026-12-01", at("2026-11-30T23:59:00Z")) == 0);
  CHECK(days_until("2026-12-01", at("2026-12-01T00:00:01Z")) == -1);
  CHECK_FALSE(days_until("soon", at("2026-12-01T00:00:01Z")));
}

struct Answer {
  int status;
  const char* type;
  const char* code;
  ProviderFailure failure;
  bool transient;
};

constexpr Answer kAnswers[] = {
    {400, "image_generation_user_error", "moderation_blocked", ProviderFailure::moderation, false},
    {400, "invalid_request_error", "content_policy_violation", ProviderFailure::moderation, false},
    {400, "image_generation_user_error", "something_else", ProviderFailure::bad_input, false},
    {400, "invalid_request_error", "invalid_image_file", ProviderFailure::bad_input, false},
    {413, "", "", ProviderFailure::bad_input, false},
    {400, "invalid_request_error", "unsupported_file_mimetype", ProviderFailure::configuration,
     false},
    {400, "invalid_request_error", "invalid_input_fidelity_model", ProviderFailure::configuration,
     false},
    {400, "invalid_request_error", "unknown_parameter", ProviderFailure::configuration, false},
    {401, "invalid_request_error", "invalid_api_key", ProviderFailure::configuration, false},
    {403, "invalid_request_error", "", ProviderFailure::configuration, false},
    {404, "invalid_request_error", "model_not_found", ProviderFailure::configuration, false},
    {408, "", "", ProviderFailure::overloaded, true},
    {409, "", "", ProviderFailure::overloaded, true},
    {429, "requests", "rate_limit_exceeded", ProviderFailure::rate_limited, false},
    {429, "rate_limit_error", "slow_down", ProviderFailure::rate_limited, false},
    {429, "", "", ProviderFailure::rate_limited, false},
    {429, "insufficient_quota", "insufficient_quota", ProviderFailure::billing, false},
    {429, "insufficient_quota", "", ProviderFailure::billing, false},
    {429, "insufficient_quota", "credit_balance_exhausted", ProviderFailure::billing, false},
    {429, "", "organization_spend_limit_exceeded", ProviderFailure::billing, false},
    {429, "", "project_spend_limit_exceeded", ProviderFailure::billing, false},
    {429, "", "organization_usage_limit_exceeded", ProviderFailure::billing, false},
    {400, "invalid_request_error", "billing_hard_limit_reached", ProviderFailure::billing, false},
    {500, "server_error", "", ProviderFailure::overloaded, true},
    {502, "", "", ProviderFailure::overloaded, true},
    {503, "service_unavailable_error", "server_is_overloaded", ProviderFailure::overloaded, true},
    {504, "", "", ProviderFailure::overloaded, true},
    {418, "", "", ProviderFailure::configuration, false},
    {301, "", "", ProviderFailure::configuration, false},
};

TEST_CASE("OpenAI errors: each kind of answer means what the table says") {
  for (const auto& [status, type, code, failure, transient] : kAnswers) {
    CAPTURE(status);
    CAPTURE(code);
    ApiError error;
    error.status = status;
    error.type = type;
    error.code = code;
    const Classification meaning = classify(error);
    CHECK(meaning.failure == failure);
    CHECK(meaning.transient == transient);
  }
}

TEST_CASE("OpenAI errors: money, moderation and rate limits stay final whatever a header says") {
  net::Headers headers;
  headers.add("X-Should-Retry", "true");
  for (const char* code : {"insufficient_quota", "moderation_blocked", "rate_limit_exceeded"}) {
    ApiError error;
    error.status = 429;
    error.code = code;
    CHECK_FALSE(should_try_again(classify(error), headers));
  }
  ApiError unknown;
  unknown.status = 418;
  CHECK(should_try_again(classify(unknown), headers));
  ApiError broken;
  broken.status = 500;
  CHECK(should_try_again(classify(broken), {}));
  headers.set("X-Should-Retry", "false");
  CHECK_FALSE(should_try_again(classify(broken), headers));
}

TEST_CASE("OpenAI errors: any body gives an error object, and no key gets through") {
  CHECK(parse_api_error(500, "").message.empty());
  CHECK(parse_api_error(500, "<html>").message.empty());
  CHECK(parse_api_error(500, "[]").code.empty());
  CHECK(parse_api_error(500, R"({"error": null})").code.empty());
  CHECK(parse_api_error(500, R"({"error": {"code": 7, "message": null}})").code.empty());

  const ApiError error = parse_api_error(
      401,
      R"({"error": {"message": "Incorrect API key provided: sk-proj-ab***yz. Find\nit", "code": "invalid_api_key",
            "type": "invalid_request_error", "param": null}})");
  CHECK(describe(error) ==
        "OpenAI answered 401 invalid_api_key: Incorrect API key provided: sk-*** Find it");
  const std::string long_text(5000, 'x');
  CHECK(parse_api_error(400, R"({"error": {"message": ")" + long_text + "\"}}").message.size() <
        500);
}

TEST_CASE("OpenAI errors: moderation details are kept for logs, not for people") {
  const ApiError error = parse_api_error(
      400,
      R"({"error": {"message": "rejected", "code": "moderation_blocked", "type": "image_generation_user_error",
            "moderation_details": {"moderation_stage": "output", "categories": ["sexual", "violence", 3]}}})");
  CHECK(error.moderation == "output: sexual, violence");
  CHECK(describe(error).find("sexual") == std::string::npos);
}

TEST_CASE("OpenAI back-off: the server's wish comes first, in any spelling") {
  const Timestamp time = at("2026-11-21T04:00:00Z");
  const auto wait = [&](const char* name, const char* value) {
    net::Headers headers;
    headers.add(name, value);
    return server_wait(headers, time);
  };
  CHECK(wait("Retry-After-Ms", "1250") == 1250ms);
  CHECK(wait("Retry-After", "7") == 7s);
  CHECK(wait("Retry-After", "0.5") == 500ms);
  CHECK(wait("Retry-After", "Sat, 21 Nov 2026 04:00:30 GMT") == 30s);
  CHECK(wait("Retry-After", "Sat, 21 Nov 2026 03:00:00 GMT") == 0s);
  CHECK_FALSE(wait("Retry-After", "-5"));
  CHECK_FALSE(wait("Retry-After", "soon"));
  CHECK_FALSE(wait("Retry-After", "inf"));
  CHECK_FALSE(wait("Retry-After", "1e300"));
  CHECK_FALSE(wait("X-None", "1"));
  net::Headers both;
  both.add("retry-after", "9");
  both.add("retry-after-ms", "20");
  CHECK(server_wait(both, time) == 20ms);
}

TEST_CASE("OpenAI back-off: doubles to a bound, longer when the server is overloaded") {
  CHECK(back_off(0, false, 0) == 500ms);
  CHECK(back_off(1, false, 0) == 1000ms);
  CHECK(back_off(4, false, 0) == 8000ms);
  CHECK(back_off(60, false, 0) == 8000ms);
  CHECK(back_off(0, false, 1) == 375ms);
  CHECK(back_off(0, true, 0) == 2000ms);
  CHECK(back_off(9, true, 0) == 16000ms);
}

std::string value_of(const net::ClientRequest& call, std::string_view name) {
  for (const net::FormPart& part : call.form) {
    if (part.name == name) return part.data;
  }
  return "(absent)";
}

TEST_CASE("OpenAI request: says everything the API would otherwise guess") {
  Options options;
  options.api_key = Secret("sk-test");
  options.base_url = "http://127.0.0.1:1/v1";
  options.model = "gpt-image-2.5-sunburst";
  options.size = "1024x1536";
  options.quality = "medium";
  options.output_format = "jpeg";
  ProviderRequest request;
  request.person = {"P", "image/jpeg"};
  request.garments = {{"G1", "image/png"}, {"G2", "image/jpeg"}};
  request.prompt = "dress";
  request.owner_hash = "0123abcd";
  request.request_id = "req-7";
  const net::ClientRequest call = edit_request(options, request);
  CHECK(call.url == "http://127.0.0.1:1/v1/images/edits");
  CHECK(call.headers.get("authorization") == "Bearer sk-test");
  CHECK(call.headers.get("x-client-request-id") == "req-7");
  CHECK_FALSE(call.headers.has("openai-organization"));
  CHECK(value_of(call, "model") == "gpt-image-2.5-sunburst");
  CHECK(value_of(call, "size") == "1024x1536");
  CHECK(value_of(call, "quality") == "medium");
  CHECK(value_of(call, "n") == "1");
  CHECK(value_of(call, "output_format") == "jpeg");
  CHECK(value_of(call, "output_compression") == "90");
  CHECK(value_of(call, "user") == "0123abcd");
  CHECK(value_of(call, "input_fidelity") == "(absent)");
  std::vector<std::string> images;
  for (const net::FormPart& part : call.form) {
    if (part.name == "image[]")
      images.push_back(part.filename + " " + part.content_type + " " + part.data);
  }
  CHECK(images == std::vector<std::string>{"person.jpg image/jpeg P", "garment-1.png image/png G1",
                                           "garment-2.jpg image/jpeg G2"});

  options.output_format = "png";
  options.organization = "org-1";
  options.input_fidelity = "high";
  request.request_id = "bad\r\nid";
  const net::ClientRequest other = edit_request(options, request);
  CHECK(value_of(other, "output_compression") == "(absent)");
  CHECK(value_of(other, "input_fidelity") == "high");
  CHECK(other.headers.get("openai-organization") == "org-1");
  CHECK_FALSE(other.headers.has("x-client-request-id"));
}

TEST_CASE("OpenAI response: what is no picture is a bad answer that names the call") {
  for (const char* body : {"", "{", "[]", "{}", R"({"data": []})", R"({"data": [{}]})",
                           R"({"data": [{"b64_json": 1}]})", R"({"data": [{"b64_json": "!!"}]})",
                           R"({"data": [{"b64_json": "aGVsbG8="}]})", R"({"data": "x"})",
                           R"({"data": [null]})", "null"}) {
    CAPTURE(body);
    net::ClientResponse response;
    response.status = 200;
    response.body = body;
    response.headers.add("X-Request-Id", "req_1");
    const auto read = read_edit_response(response);
    REQUIRE_FALSE(read);
    CHECK(read.error().error.failure == ProviderFailure::bad_answer);
    CHECK(read.error().error.provider_request_id == "req_1");
    CHECK_FALSE(read.error().try_again);
    CHECK_FALSE(read.error().error.detail.empty());
  }
}

TEST_CASE("OpenAI response: a wait over two minutes is not waited for") {
  net::ClientResponse response;
  response.status = 503;
  response.headers.add("Retry-After", "121");
  CHECK_FALSE(read_edit_response(response).error().try_again);
  response.headers.set("Retry-After", "119");
  CHECK(read_edit_response(response).error().try_again);
  CHECK(read_edit_response(response).error().overloaded);
}

TEST_CASE(
    "OpenAI response: only a lost connection is tried again, a time-out may have been billed") {
  CHECK(read_transport_error({ErrorKind::unavailable, "http.connect", "x", {}, {}}).try_again);
  CHECK(read_transport_error({ErrorKind::unavailable, "http.protocol", "x", {}, {}}).try_again);
  const auto late = read_transport_error({ErrorKind::timeout, "http.timeout", "x", {}, {}});
  CHECK_FALSE(late.try_again);
  CHECK(late.error.failure == ProviderFailure::timeout);
  const auto cancelled = read_transport_error(cancelled_error("x"));
  CHECK_FALSE(cancelled.try_again);
  CHECK(cancelled.error.failure == ProviderFailure::cancelled);
}

}  // namespace
}  // namespace selvage::tryon::openai
