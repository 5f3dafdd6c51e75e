#include "tryon/openai/edit_response.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/crypto.hpp"
#include "base/json.hpp"
#include "image/format.hpp"
#include "image/probe.hpp"
#include "tryon/openai/api_error.hpp"
#include "tryon/openai/backoff.hpp"

namespace selvage::tryon::openai {
namespace {

constexpr const char* kRequestId = "x-request-id";

CallFailure bad_answer(const net::ClientResponse& response, std::string detail) {
  CallFailure failure;
  failure.error.failure = ProviderFailure::bad_answer;
  failure.error.detail = std::move(detail);
  failure.error.provider_request_id = response.headers.get(kRequestId);
  return failure;
}

CallFailure refused(const net::ClientResponse& response) {
  const ApiError api = parse_api_error(response.status, response.body);
  const Classification meaning = classify(api);
  CallFailure failure;
  failure.error.failure = meaning.failure;
  failure.error.detail = describe(api);
  failure.error.provider_request_id = response.headers.get(kRequestId);
  failure.log_detail = api.moderation;
  failure.overloaded = response.status == 503;
  failure.wait = server_wait(response.headers, now());
  failure.try_again = should_try_again(meaning, response.headers) &&
                      (!failure.wait || *failure.wait <= kLongestServerWait);
  if (meaning.failure == ProviderFailure::rate_limited) failure.error.retry_after = failure.wait;
  return failure;
}

// The first picture of the answer, still in base64; null when there is none.
const json::value* find_base64(const json::value& answer) {
  const auto* object = answer.if_object();
  const auto* data = object ? object->if_contains("data") : nullptr;
  const auto* list = data ? data->if_array() : nullptr;
  if (!list || list->empty() || !list->front().is_object()) return nullptr;
  const auto* text = list->front().get_object().if_contains("b64_json");
  return text && text->is_string() ? text : nullptr;
}

std::int64_t find_total_tokens(const json::value& answer) {
  const auto* usage = answer.get_object().if_contains("usage");
  const auto* object = usage ? usage->if_object() : nullptr;
  const auto* total = object ? object->if_contains("total_tokens") : nullptr;
  return total && total->is_int64() ? total->get_int64() : 0;
}

}  // namespace

std::expected<EditResult, CallFailure> read_edit_response(const net::ClientResponse& response) {
  if (response.status != 200) return std::unexpected(refused(response));
  const Result<json::value> answer = json::parse(response.body);
  if (!answer) {
    return std::unexpected(bad_answer(
        response, fmt::format("OpenAI's answer is no JSON: {}", answer.error().message)));
  }
  const json::value* encoded = find_base64(*answer);
  if (!encoded) {
    return std::unexpected(
        bad_answer(response, "OpenAI's answer holds no picture (data[0].b64_json)"));
  }
  EditResult result;
  const auto& text = encoded->get_string();
  if (!decode_base64({text.data(), text.size()}, result.image.bytes)) {
    return std::unexpected(bad_answer(response, "the picture in OpenAI's answer is not base64"));
  }
  const Result<image::Header> header = image::probe(result.image.bytes);
  if (!header) {
    return std::unexpected(bad_answer(
        response, fmt::format("the picture in OpenAI's answer: {}", header.error().message)));
  }
  result.image.media_type = image::media_type(header->format);
  result.image.provider_request_id = response.headers.get(kRequestId);
  result.total_tokens = find_total_tokens(*answer);
  return result;
}

CallFailure read_transport_error(const Error& error) {
  CallFailure failure;
  failure.error.detail = error.describe();
  if (error.kind == ErrorKind::cancelled) {
    failure.error.failure = ProviderFailure::cancelled;
  } else if (error.code == "http.timeout") {
    // Not tried again: the first call may still be worked on, and be billed.
    failure.error.failure = ProviderFailure::timeout;
  } else if (error.code == "http.too_large") {
    failure.error.failure = ProviderFailure::bad_answer;
  } else if (error.kind == ErrorKind::unavailable) {
    failure.error.failure = ProviderFailure::overloaded;
    failure.try_again = true;
  } else {
    failure.error.failure = ProviderFailure::configuration;
  }
  return failure;
}

}  // namespace selvage::tryon::openai
