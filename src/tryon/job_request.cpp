// What a client may ask for: the JSON body, and the rules that hold however a request was made.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/crypto.hpp"
#include "base/id.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "net/url.hpp"
#include "tryon/acceptance.hpp"
#include "tryon/detail/job_rules.hpp"
#include "tryon/detail/object_keys.hpp"
#include "tryon/detail/task_fields.hpp"

namespace selvage::tryon {
namespace {

constexpr std::string_view kMembers[] = {
    "person_image_url", "garment_image_urls", "prompt", "options", "credits", "session_id"};
constexpr std::string_view kBulkMember = "idempotency_key";

// Objects in the order of their keys, so that two spellings of one request have one hash.
json::value in_key_order(const json::value& any) {
  if (const json::array* items = any.if_array()) {
    json::array sorted;
    for (const json::value& item : *items) sorted.push_back(in_key_order(item));
    return sorted;
  }
  const json::object* members = any.if_object();
  if (members == nullptr) return any;
  std::vector<std::string> keys;
  for (const auto& member : *members) keys.emplace_back(member.key());
  std::ranges::sort(keys);
  json::object sorted;
  for (const std::string& key : keys) sorted[key] = in_key_order(members->at(key));
  return sorted;
}

std::string fingerprint(const UploadedImage& image) { return "sha256:" + sha256_hex(image.bytes); }

}  // namespace

namespace {

// `in_bulk`: the job may carry an idempotency_key, which a single request has as a header.
Result<JobRequest> read_job(const json::value& parsed, Credits price, bool in_bulk) {
  json::Reader reader(parsed, "");
  JobRequest request;
  request.person_image_url = reader.text("person_image_url", {.max = net::kMaxUrlLength});
  request.garment_image_urls =
      reader.texts("garment_image_urls", 1, kMaxGarments, {.max = net::kMaxUrlLength});
  request.prompt = detail::read_prompt(reader);
  request.options_json = detail::read_options(reader);
  request.credits = {reader.integer("credits", {.min = 1, .max = kMaxCredits}, price.value)};
  request.session_id = reader.maybe_text("session_id", {.max = 64});
  if (request.session_id && !is_uuid(*request.session_id)) {
    reader.problem("session_id", "must be a UUID, or left out");
  }
  if (parsed.is_object()) {
    for (const auto& member : parsed.get_object()) {
      const std::string_view key(member.key().data(), member.key().size());
      const bool known = std::ranges::find(kMembers, key) != std::end(kMembers);
      if (!known && !(in_bulk && key == kBulkMember)) {
        reader.problem(in_quotes(key, 40), "is not a member of a job; see /openapi.json");
      }
    }
  }
  if (in_bulk) {
    request.idempotency_key = reader.maybe_text(kBulkMember, {.max = detail::kMaxIdempotencyKey});
  }
  if (std::optional<Error> bad = reader.finish()) {
    bad->hint = "send a JSON object as described in /openapi.json";
    return fail(std::move(*bad));
  }
  return request;
}

}  // namespace

Result<JobRequest> parse_job_request(std::string_view json, Credits price) {
  return read_job(TRY(json::parse(json)), price, /*in_bulk=*/false);
}

Result<std::vector<Result<JobRequest>>> parse_bulk_request(std::string_view json, Credits price) {
  const json::value parsed = TRY(json::parse(json));
  const json::object* const members = parsed.if_object();
  const json::value* const jobs = members != nullptr ? members->if_contains("jobs") : nullptr;
  const bool alone = members != nullptr && members->size() == 1;
  if (!alone || jobs == nullptr || !jobs->is_array()) {
    return fail(ErrorKind::invalid, "json.invalid", "the body must be an object {\"jobs\": [...]}",
                "send a JSON object as described in /openapi.json");
  }
  const json::array& items = jobs->get_array();
  if (items.empty() || items.size() > kMaxBulk) {
    return fail(ErrorKind::invalid, "job.bulk_size",
                fmt::format("jobs: must be 1 to {}, are {}", kMaxBulk, items.size()),
                "split what is more over several requests");
  }
  std::vector<Result<JobRequest>> requests;
  requests.reserve(items.size());
  for (const json::value& item : items) requests.push_back(read_job(item, price, true));
  return requests;
}

namespace detail {

Result<void> check_job(const JobRequest& request) {
  std::vector<std::string> problems;
  if (!is_id(request.owner.id)) {
    problems.emplace_back("owner: must be 1 to 128 of the characters A-Z a-z 0-9 _ . : -");
  }
  const bool has_url = !request.person_image_url.empty();
  if (has_url == request.person_upload.has_value()) {
    problems.emplace_back(has_url ? "person: give a URL or a picture, not both"
                                  : "person: a picture of the person is required");
  }
  const std::size_t garments = request.garment_image_urls.size() + request.garment_uploads.size();
  if (garments < 1 || garments > kMaxGarments) {
    problems.push_back(
        fmt::format("garments: must be 1 to {} pictures, are {}", kMaxGarments, garments));
  }
  if (request.session_id && !is_uuid(*request.session_id)) {
    problems.emplace_back("session_id: must be a UUID, or left out");
  }
  if (request.credits.value < 1 || request.credits.value > kMaxCredits) {
    problems.push_back(
        fmt::format("credits: must be 1 to {}, are {}", kMaxCredits, request.credits.value));
  }
  if (request.prompt &&
      (!is_valid_utf8(*request.prompt) || count_characters(*request.prompt) > kMaxPrompt)) {
    problems.push_back(fmt::format("prompt: must be at most {} characters of UTF-8", kMaxPrompt));
  }
  const Result<json::value> options = json::parse(request.options_json);
  if (!options || !options->is_object() || request.options_json.size() > kMaxOptions) {
    problems.push_back(
        fmt::format("options: must be a JSON object of at most {} bytes", kMaxOptions));
  }
  if (request.idempotency_key) {
    const std::string& key = *request.idempotency_key;
    const bool printable = std::ranges::all_of(key, [](char c) { return c >= ' ' && c <= '~'; });
    if (key.empty() || key.size() > kMaxIdempotencyKey || !printable) {
      problems.push_back(fmt::format("Idempotency-Key: must be 1 to {} printable ASCII characters",
                                     kMaxIdempotencyKey));
    }
  }
  if (problems.empty()) return {};
  return fail(ErrorKind::invalid, "job.invalid", join(problems, "; "),
              "correct the request; /openapi.json describes it");
}

std::string request_hash(const JobRequest& request) {
  json::object content;
  content["person"] =
      request.person_upload ? fingerprint(*request.person_upload) : request.person_image_url;
  json::array garments;
  for (const std::string& url : request.garment_image_urls) garments.emplace_back(url);
  for (const UploadedImage& image : request.garment_uploads) {
    garments.emplace_back(fingerprint(image));
  }
  content["garments"] = std::move(garments);
  if (request.prompt) content["prompt"] = *request.prompt;
  if (const Result<json::value> options = json::parse(request.options_json)) {
    content["options"] = in_key_order(*options);
  }
  content["credits"] = request.credits.value;
  if (request.session_id) content["session_id"] = to_lower_ascii(*request.session_id);
  if (request.retry_of) content["retry_of"] = *request.retry_of;
  return sha256_hex(json::dump(content));
}

}  // namespace detail
}  // namespace selvage::tryon
