#include "tryon/detail/webhook_message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "base/json.hpp"

namespace selvage::tryon::detail {
namespace {

constexpr seconds kLongestAsked{3600};
constexpr int kGone = 410;

json::value or_null(const std::optional<std::string>& text) {
  return text ? json::value(*text) : json::value(nullptr);
}

json::value or_null(std::optional<Timestamp> time) {
  return time ? json::value(to_rfc3339(*time)) : json::value(nullptr);
}

bool is_endpoints_trouble(int status) { return status >= 500 || status == 429 || status == 408; }

std::string meaning_of(int status) {
  if (status >= 300 && status < 400) {
    return fmt::format("answered {}: redirects are not followed", status);
  }
  return fmt::format("answered {}", status);
}

}  // namespace

std::string webhook_message(const Delivery& delivery, const Session& session,
                            const MessageLinks& links) {
  json::value error = nullptr;
  if (session.error_code) {
    error = json::object{{"code", *session.error_code},
                         {"message", session.error_message.value_or("")}};
  }
  json::object data{{"id", session.id},
                    {"status", name(session.status)},
                    {"channel", name(session.owner.channel)},
                    {"owner", session.owner.id},
                    {"request_id", session.request_id},
                    {"credits", session.credits.value},
                    {"created_at", to_rfc3339(session.created_at)},
                    {"finished_at", or_null(session.finished_at)},
                    {"retry_of", or_null(session.retry_of)},
                    {"error", std::move(error)},
                    {"job_url", links.job},
                    {"result_url", or_null(links.result)},
                    {"result_url_until", links.result ? json::value(to_rfc3339(links.result_until))
                                                      : json::value(nullptr)}};
  return json::dump(
      json::object{{"type", delivery.event},
                   {"timestamp", to_rfc3339(session.finished_at.value_or(delivery.created_at))},
                   {"data", std::move(data)}});
}

Attempt judge_answer(const Result<net::GuardedAnswer>& answer) {
  Attempt attempt;
  if (!answer) {
    attempt.error = fmt::format("{}: {}", answer.error().code, answer.error().message);
    attempt.nobody_there = true;
    return attempt;
  }
  attempt.status = answer->status;
  attempt.delivered = answer->status >= 200 && answer->status < 300;
  if (attempt.delivered) return attempt;
  attempt.error = meaning_of(answer->status);
  attempt.nobody_there = is_endpoints_trouble(answer->status);
  if (answer->status == kGone) attempt.disable_reason = "the endpoint answered 410 Gone";
  return attempt;
}

std::optional<milliseconds> asked_wait(const Result<net::GuardedAnswer>& answer) {
  if (!answer) return std::nullopt;
  const std::string_view text = answer->headers.get("retry-after");
  std::int64_t wait = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), wait);
  if (error != std::errc() || end != text.data() + text.size() || wait < 0) return std::nullopt;
  return std::min(seconds(wait), kLongestAsked);
}

}  // namespace selvage::tryon::detail
