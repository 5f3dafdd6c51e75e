#include "data/detail/supabase_answers.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.hpp"
#include "base/text.hpp"

namespace selvage::data {

namespace {

constexpr ErrorKind kAway = ErrorKind::unavailable;
constexpr std::string_view kKeyHint =
    "SUPABASE_SERVICE_KEY must be the project's secret key (sb_secret_...) or its service_role "
    "key, never the publishable or anon one; a self-hosted gateway may know the service_role key "
    "alone";
constexpr std::string_view kBucketHint =
    "create the bucket that STORAGE_URL names, or correct the name; a key without rights sees none";
constexpr std::string_view kSizeHint =
    "raise the file size limit of the bucket and of the project (Storage settings)";
constexpr std::string_view kTypeHint =
    "allow image/jpeg, image/png and image/webp in the bucket, or clear its list of MIME types";
constexpr std::string_view kDatabaseHint =
    "the project's database is read-only or out of step: look at its disk space and at its status";
constexpr std::string_view kUnknownCallHint =
    "STORAGE_URL names no storage, or the storage server is older than July 2025: update it";
constexpr std::string_view kUnexpectedHint =
    "the storage server refuses what it should take: is it older than this program needs?";

// Codes first: they tell more than the status. Statuses are those of the body ("statusCode"), which
// is 400 in HTTP for nearly all of them; answers without such a body are the gateway's. Old servers
// have no "code": their "error" stands for it.
constexpr AnswerRow kAnswers[] = {
    {"NoSuchKey", ErrorKind::not_found, "storage.not_found", Again::no, ""},
    {"NoSuchBucket", kAway, "storage.no_bucket", Again::no, kBucketHint},
    {"not_found", ErrorKind::not_found, "storage.not_found", Again::no, ""},
    {"Bucket not found", kAway, "storage.no_bucket", Again::no, kBucketHint},
    {"Duplicate", kAway, "storage.unavailable", Again::soon, ""},
    {"Unauthorized", kAway, "storage.denied", Again::no, kKeyHint},
    {"Not Found", kAway, "storage.protocol", Again::no, kUnknownCallHint},
    {"InvalidBucketName", kAway, "storage.no_bucket", Again::no, kBucketHint},
    {"TenantNotFound", kAway, "storage.no_bucket", Again::no,
     "the project in STORAGE_URL does not exist, or is paused"},
    // With x-upsert this is another upload of the same object under way.
    {"KeyAlreadyExists", kAway, "storage.unavailable", Again::soon, ""},
    {"ResourceAlreadyExists", kAway, "storage.unavailable", Again::soon, ""},
    {"TransactionError", kAway, "storage.unavailable", Again::soon, ""},
    {"EntityTooLarge", ErrorKind::too_large, "storage.too_large", Again::no, kSizeHint},
    {"InvalidMimeType", ErrorKind::unsupported, "storage.media_type", Again::no, kTypeHint},
    {"AccessDenied", kAway, "storage.denied", Again::no, kKeyHint},
    {"SignatureDoesNotMatch", kAway, "storage.denied", Again::no, kKeyHint},
    {"InvalidJWT", kAway, "storage.denied", Again::no, kKeyHint},
    {"ExpiredToken", kAway, "storage.denied", Again::no, kKeyHint},
    {"InvalidKey", ErrorKind::invalid, "storage.key", Again::no,
     "the bucket takes no such name; look at the prefix in STORAGE_URL"},
    {"InvalidRequest", ErrorKind::internal, "storage.refused", Again::no, kUnexpectedHint},
    {"MissingParameter", ErrorKind::internal, "storage.refused", Again::no, kUnexpectedHint},
    {"InvalidParameter", ErrorKind::internal, "storage.refused", Again::no, kUnexpectedHint},
    {"FeatureNotEnabled", kAway, "storage.protocol", Again::no, kUnknownCallHint},
    {"ResourceLocked", kAway, "storage.unavailable", Again::soon, ""},
    {"LockTimeout", kAway, "storage.unavailable", Again::soon, ""},
    {"SlowDown", kAway, "storage.unavailable", Again::slowly,
     "the project's database has no connection left: a larger pool, or fewer workers"},
    {"DatabaseTimeout", kAway, "storage.unavailable", Again::slowly, ""},
    {"DatabaseReadOnly", kAway, "storage.read_only", Again::slowly, kDatabaseHint},
    {"DatabaseSchemaMismatch", kAway, "storage.read_only", Again::slowly, kDatabaseHint},
    {"InternalError", kAway, "storage.unavailable", Again::soon, ""},
    {"DatabaseError", kAway, "storage.unavailable", Again::soon, ""},
    {"S3Error", kAway, "storage.unavailable", Again::soon, ""},
    {"401", kAway, "storage.denied", Again::no, kKeyHint},
    {"403", kAway, "storage.denied", Again::no, kKeyHint},
    {"408", kAway, "storage.unavailable", Again::soon, ""},
    {"413", ErrorKind::too_large, "storage.too_large", Again::no, kSizeHint},
    {"415", ErrorKind::unsupported, "storage.media_type", Again::no, kTypeHint},
    {"423", kAway, "storage.unavailable", Again::soon, ""},
    {"429", kAway, "storage.unavailable", Again::slowly, ""},
    {"500", kAway, "storage.unavailable", Again::soon, ""},
    {"503", kAway, "storage.unavailable", Again::slowly, ""},
    {"544", kAway, "storage.unavailable", Again::slowly, ""},
};

std::string text_of(const json::object& object, std::string_view member) {
  const json::value* const value = object.if_contains(member);
  if (value == nullptr) return {};
  if (value->is_string()) return std::string(std::string_view(value->get_string()));
  return value->is_number() ? json::dump(*value) : std::string();
}

bool is_status(std::string_view text) {
  return text.size() == 3 && std::ranges::all_of(text, is_digit);
}

}  // namespace

std::optional<Refusal> judge_supabase(const net::ClientResponse& response, const Secret& key) {
  if (response.status >= 200 && response.status < 300) return std::nullopt;
  SaidError said{.code = {}, .status = std::to_string(response.status), .message = {}};
  const Result<json::value> body = json::parse(response.body);
  if (body && body->is_object()) {
    const json::object& object = body->get_object();
    said.code = text_of(object, "code");
    if (said.code.empty()) said.code = text_of(object, "error");
    said.message = text_of(object, "message");
    if (const std::string status = text_of(object, "statusCode"); is_status(status)) {
      said.status = status;
    }
  }
  const Secret* const secrets[] = {&key};
  return refusal_of(kAnswers, kSupabase, said, secrets);
}

}  // namespace selvage::data
