#include "tryon/detail/failures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace selvage::tryon {

std::string_view name(ProviderFailure failure) {
  switch (failure) {
    case ProviderFailure::rate_limited:
      return "rate_limited";
    case ProviderFailure::billing:
      return "billing";
    case ProviderFailure::moderation:
      return "moderation";
    case ProviderFailure::overloaded:
      return "overloaded";
    case ProviderFailure::timeout:
      return "timeout";
    case ProviderFailure::bad_input:
      return "bad_input";
    case ProviderFailure::configuration:
      return "configuration";
    case ProviderFailure::cancelled:
      return "cancelled";
    case ProviderFailure::bad_answer:
      return "bad_answer";
  }
  SELVAGE_CHECK(false);
}

namespace detail {
namespace {

constexpr FailureRow kRows[] = {
    {"moderation_blocked",
     "We couldn't create this picture because the automatic safety check did not accept the photo "
     "or the text. Please try a different photo. Your credits have been returned.",
     "The provider's moderation blocked the request."},
    {"provider_rate_limited",
     "We couldn't create this picture because too many pictures are being made right now. Please "
     "try again in a few minutes. Your credits have been returned.",
     "The provider answered 429 twice."},
    {"provider_billing",
     "We couldn't create this picture because of a problem on our side. Your credits have been "
     "returned; please try again later.",
     "The provider account has no money or quota left. Page the operator."},
    {"provider_configuration",
     "We couldn't create this picture because of a problem on our side. Your credits have been "
     "returned; please try again later.",
     "The provider refused the key or the model. Page the operator."},
    {"provider_unavailable",
     "We couldn't create this picture because the picture service did not respond. Your credits "
     "have been returned; please try again.",
     "The provider kept answering 5xx, or could not be reached."},
    {"provider_timeout",
     "We couldn't create this picture in time. Your credits have been returned; please try again.",
     "The provider did not answer in time."},
    {"provider_bad_answer",
     "We couldn't create this picture because the picture service sent something unusable. Your "
     "credits have been returned; please try again.",
     "The provider's answer was not a picture."},
    {"input_unusable",
     "We couldn't create this picture because the photos could not be used. Please use a clear "
     "photo of one standing person and a photo of the garment alone. Your credits have been "
     "returned.",
     "The provider found no person or no garment in the pictures."},
    {"input_unreachable",
     "We couldn't load one of the photos from its address. Please check the link and try again. "
     "Your credits have been returned.",
     "An input URL could not be fetched: name, connection, status or time."},
    {"input_refused",
     "We can't load photos from this address. Please upload the photo or use a public link. Your "
     "credits have been returned.",
     "The egress guard refused an input URL."},
    {"input_not_a_picture",
     "One of the photos is not a JPEG, PNG or WebP picture. Please use another file. Your credits "
     "have been returned.",
     "An input is of another type than it says, or of none we read."},
    {"input_too_large",
     "One of the photos is too large. Please use a smaller one. Your credits have been returned.",
     "An input is over the byte or pixel cap."},
    {"input_damaged",
     "One of the photos is damaged and cannot be opened. Please use another file. Your credits "
     "have been returned.",
     "An input cannot be decoded."},
    {"input_gone",
     "The photos of this job are no longer stored. Please send them again. Your credits have been "
     "returned.",
     "An uploaded input is not in storage."},
    {kCancelledCode, "This job was cancelled. Your credits have been returned.",
     "Its owner or an operator cancelled it before there was a picture."},
    {"insufficient_credits", "There are not enough credits for this picture.",
     "A producer queued a job its owner cannot pay; nothing was charged."},
    {"malformed_task",
     "We couldn't create this picture because the request was incomplete. Your credits have been "
     "returned.",
     "The queue message was no GenerationTask v1."},
    {"time_limit",
     "We couldn't create this picture in time. Your credits have been returned; please try again.",
     "The job ran into TASK_TIME_LIMIT."},
    {"worker_crashed",
     "We couldn't create this picture because of a problem on our side. Your credits have been "
     "returned; please try again later.",
     "Workers kept dying while they ran this job."},
    {"infrastructure",
     "We couldn't create this picture because of a problem on our side. Your credits have been "
     "returned; please try again later.",
     "Database, Redis or storage stayed away through every retry."},
    {"abandoned",
     "We couldn't create this picture because of a problem on our side. Your credits have been "
     "returned; please try again.",
     "The session was open, but no task in the queue and no worker had it."},
    {"internal",
     "We couldn't create this picture because of a problem on our side. Your credits have been "
     "returned; please try again later.",
     "An error nobody foresaw; see the log by request_id."},
};

// From the codes of egress, image and storage errors. A row ends in '*' when it covers all that
// begin so; the first row that fits counts.
struct InputRow {
  std::string_view error;
  std::string_view failure;
};
constexpr InputRow kInputRows[] = {
    {"egress.too_large", "input_too_large"}, {"egress.type_*", "input_not_a_picture"},
    {"egress.timeout", "input_unreachable"}, {"egress.connect", "input_unreachable"},
    {"egress.tls", "input_unreachable"},     {"egress.resolve", "input_unreachable"},
    {"egress.status", "input_unreachable"},  {"egress.redirect", "input_unreachable"},
    {"egress.*_refused", "input_refused"},   {"url.*", "input_refused"},
    {"egress.*", "input_unreachable"},       {"image.unsupported*", "input_not_a_picture"},
    {"image.too_*", "input_too_large"},      {"image.*", "input_damaged"},
    {"storage.not_found", "input_gone"},     {"storage.too_large", "input_too_large"},
};

bool covers(std::string_view pattern, std::string_view code) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == code;
  const std::string_view head = pattern.substr(0, star);
  const std::string_view tail = pattern.substr(star + 1);
  return code.size() >= head.size() + tail.size() && code.starts_with(head) && code.ends_with(tail);
}

std::string_view code_of(ProviderFailure failure) {
  switch (failure) {
    case ProviderFailure::rate_limited:
      return "provider_rate_limited";
    case ProviderFailure::billing:
      return "provider_billing";
    case ProviderFailure::moderation:
      return "moderation_blocked";
    case ProviderFailure::overloaded:
      return "provider_unavailable";
    case ProviderFailure::timeout:
      return "provider_timeout";
    case ProviderFailure::bad_input:
      return "input_unusable";
    case ProviderFailure::configuration:
      return "provider_configuration";
    case ProviderFailure::cancelled:
      return "provider_unavailable";
    case ProviderFailure::bad_answer:
      return "provider_bad_answer";
  }
  SELVAGE_CHECK(false);
}

}  // namespace

std::span<const FailureRow> failure_rows() { return kRows; }

SessionFailure make_failure(std::string_view code, std::string detail) {
  const FailureRow* const row = std::ranges::find(kRows, code, &FailureRow::code);
  SELVAGE_CHECK(row != std::end(kRows));
  return {std::string(row->code), std::string(row->message), std::move(detail)};
}

SessionFailure failure_of(const ProviderError& error) {
  std::string detail = fmt::format("{}: {}", name(error.failure), error.detail);
  if (!error.provider_request_id.empty()) {
    detail += fmt::format(" (provider request {})", error.provider_request_id);
  }
  return make_failure(code_of(error.failure), std::move(detail));
}

SessionFailure failure_of_input(const Error& error, std::string_view which) {
  const InputRow* const row = std::ranges::find_if(
      kInputRows, [&](const InputRow& candidate) { return covers(candidate.error, error.code); });
  const std::string_view code = row == std::end(kInputRows) ? "internal" : row->failure;
  return make_failure(code, fmt::format("{}: {}: {}", which, error.code, error.describe()));
}

bool is_infrastructure(const Error& error) {
  const bool away = error.kind == ErrorKind::unavailable || error.kind == ErrorKind::timeout;
  const bool outside = error.code.starts_with("storage.") || error.code.starts_with("redis.");
  return error.code.starts_with("db.") || (outside && away) || error.code == "redis.busy" ||
         error.code == "pool.full";
}

bool needs_operator(const Error& error) {
  constexpr std::array<std::string_view, 6> kCodes = {"storage.denied",    "storage.no_bucket",
                                                      "storage.region",    "storage.clock",
                                                      "storage.read_only", "storage.protocol"};
  return std::ranges::find(kCodes, error.code) != kCodes.end();
}

}  // namespace detail
}  // namespace selvage::tryon
