#include "data/detail/s3_answers.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "data/detail/xml.hpp"

namespace selvage::data {

namespace {

constexpr ErrorKind kAway = ErrorKind::unavailable;
constexpr std::string_view kKeyHint =
    "check S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, and that the key may s3:GetObject, "
    "s3:PutObject, s3:DeleteObject and s3:ListBucket in this bucket";
constexpr std::string_view kTokenHint =
    "S3_SESSION_TOKEN has expired or belongs to another key; temporary credentials have to be "
    "renewed by a restart, so prefer a key of its own for this service";
constexpr std::string_view kBucketHint =
    "create the bucket that STORAGE_URL names, or correct the name or the endpoint";
constexpr std::string_view kClockHint =
    "this machine's clock is wrong by more than a quarter of an hour: let NTP set it";

constexpr AnswerRow kAnswers[] = {
    {"NoSuchKey", ErrorKind::not_found, "storage.not_found", Again::no, ""},
    {"NoSuchBucket", kAway, "storage.no_bucket", Again::no, kBucketHint},
    {"InvalidBucketName", kAway, "storage.no_bucket", Again::no, kBucketHint},
    // Of a range of an object without bytes: it is there.
    {"InvalidRange", kAway, "storage.empty_object", Again::no, ""},
    {"416", kAway, "storage.empty_object", Again::no, ""},
    {"AccessDenied", kAway, "storage.denied", Again::no, kKeyHint},
    {"AllAccessDisabled", kAway, "storage.denied", Again::no, kKeyHint},
    {"AccountProblem", kAway, "storage.denied", Again::no,
     "the account has a problem: see its bill"},
    {"InvalidAccessKeyId", kAway, "storage.denied", Again::no, kKeyHint},
    {"SignatureDoesNotMatch", kAway, "storage.denied", Again::no,
     "S3_SECRET_ACCESS_KEY does not belong to S3_ACCESS_KEY_ID, or a proxy changes the Host "
     "header"},
    {"ExpiredToken", kAway, "storage.denied", Again::no, kTokenHint},
    {"InvalidToken", kAway, "storage.denied", Again::no, kTokenHint},
    {"RequestTimeTooSkewed", kAway, "storage.clock", Again::no, kClockHint},
    {"RequestExpired", kAway, "storage.clock", Again::no, kClockHint},
    {"EntityTooLarge", ErrorKind::too_large, "storage.too_large", Again::no, ""},
    {"KeyTooLongError", ErrorKind::invalid, "storage.key", Again::no,
     "shorten the prefix in STORAGE_URL"},
    {"InvalidObjectName", ErrorKind::invalid, "storage.key", Again::no, ""},
    {"XMinioStorageFull", kAway, "storage.full", Again::slowly, "free space on the storage server"},
    {"QuotaExceeded", kAway, "storage.full", Again::no, "raise the bucket's quota"},
    {"SlowDown", kAway, "storage.unavailable", Again::slowly, ""},
    {"ServiceUnavailable", kAway, "storage.unavailable", Again::slowly, ""},
    {"InternalError", kAway, "storage.unavailable", Again::soon, ""},
    {"OperationAborted", kAway, "storage.unavailable", Again::soon, ""},
    {"RequestTimeout", kAway, "storage.unavailable", Again::soon, ""},
    // Damaged on its way: what is sent again is whole.
    {"BadDigest", kAway, "storage.unavailable", Again::soon, ""},
    {"IncompleteBody", kAway, "storage.unavailable", Again::soon, ""},
    {"XAmzContentSHA256Mismatch", kAway, "storage.unavailable", Again::soon, ""},
    {"401", kAway, "storage.denied", Again::no, kKeyHint},
    {"403", kAway, "storage.denied", Again::no, kKeyHint},
    {"408", kAway, "storage.unavailable", Again::soon, ""},
    {"413", ErrorKind::too_large, "storage.too_large", Again::no,
     "a proxy in front of the storage takes no bodies of this size"},
    {"429", kAway, "storage.unavailable", Again::slowly, ""},
    {"501", kAway, "storage.protocol", Again::no, "the service lacks a call that is needed here"},
    {"503", kAway, "storage.unavailable", Again::slowly, ""},
    {"507", kAway, "storage.full", Again::slowly, "free space on the storage server"},
};

bool is_region(std::string_view text) {
  return !text.empty() && text.size() <= 40 && std::ranges::all_of(text, [](char c) {
    return is_digit(c) || c == '-' || (c >= 'a' && c <= 'z');
  });
}

// A bucket is served by its own region alone; any other names it in a header or in the error.
std::optional<Refusal> elsewhere(const net::ClientResponse& response, const XmlElement* error,
                                 std::string_view asked) {
  const std::string_view code = error ? error->text_of("Code") : std::string_view();
  const bool redirect = response.status == 301 || response.status == 302 ||
                        response.status == 307 || response.status == 308;
  if (!redirect && code != "AuthorizationHeaderMalformed" &&
      code != "IllegalLocationConstraintException") {
    return std::nullopt;
  }
  std::string_view region = response.headers.get("x-amz-bucket-region");
  if (region.empty() && error) region = error->text_of("Region");
  Refusal refusal{{kAway, "storage.region", {}, {}, nullptr}, Again::no};
  if (is_region(region) && region != asked) {
    refusal.error.message =
        fmt::format("S3: the bucket is in the region {}, not in {}", region, asked);
    refusal.error.hint = fmt::format("write region={} in STORAGE_URL", region);
  } else {
    const std::string_view endpoint = error ? error->text_of("Endpoint") : std::string_view();
    refusal.error.message =
        fmt::format("S3 answers {} {}: the bucket is served elsewhere{}{}", response.status,
                    in_quotes(code, 60), endpoint.empty() ? "" : ", at ",
                    endpoint.empty() ? "" : in_quotes(endpoint, 120));
    refusal.error.hint =
        "correct region and endpoint in STORAGE_URL; a new bucket's name needs some "
        "minutes to be known everywhere";
  }
  return refusal;
}

}  // namespace

std::optional<Refusal> judge_s3(const net::ClientResponse& response, std::string_view region,
                                const Secret& key) {
  if (response.status >= 200 && response.status < 300) return std::nullopt;
  SaidError said{.code = {}, .status = std::to_string(response.status), .message = {}};
  const Result<XmlElement> body = parse_xml(response.body);
  const XmlElement* const error = body && body->name == "Error" ? &*body : nullptr;
  if (auto refusal = elsewhere(response, error, region)) return refusal;
  if (error) {
    said.code = error->text_of("Code");
    said.message = error->text_of("Message");
  }
  const Secret* const secrets[] = {&key};
  return refusal_of(kAnswers, kS3, said, secrets);
}

Result<S3Page> read_s3_page(std::string_view body) {
  const Result<XmlElement> list = parse_xml(body);
  if (!list) return fail(not_understood(kS3, list.error().message).error);
  if (list->name != "ListBucketResult") return fail(not_understood(kS3, "the list is none").error);
  S3Page page;
  for (const XmlElement& entry : list->children) {
    if (entry.name == "Contents") page.names.emplace_back(entry.text_of("Key"));
  }
  if (list->text_of("IsTruncated") != "true") return page;
  page.next = list->text_of("NextContinuationToken");
  if (page.next.empty()) {
    return fail(not_understood(kS3, "the list goes on, but does not say where").error);
  }
  return page;
}

}  // namespace selvage::data
