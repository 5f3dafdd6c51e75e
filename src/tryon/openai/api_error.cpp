#include "tryon/openai/api_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.hpp"

namespace selvage::tryon::openai {
namespace {

constexpr std::size_t kMaxMessage = 400;
constexpr std::size_t kMaxErrorBody = 64 * 1024;

struct Row {
  int status;             // 0: any; 500: any from 500 on
  std::string_view type;  // empty: any
  std::string_view code;  // empty: any; a final '*' stands for any rest
  Classification meaning;
};

constexpr Classification kModeration{ProviderFailure::moderation, false, true};
constexpr Classification kBilling{ProviderFailure::billing, false, true};
constexpr Classification kRateLimited{ProviderFailure::rate_limited, false, true};
constexpr Classification kBadInput{ProviderFailure::bad_input, false, true};
constexpr Classification kConfiguration{ProviderFailure::configuration, false, true};
constexpr Classification kTransient{ProviderFailure::overloaded, true, false};
constexpr Classification kUnknown{ProviderFailure::configuration, false, false};

// The first row that fits decides. Codes come before statuses: the same 429 may mean "wait a
// moment" or "the account is empty", and only the second must never be tried again.
constexpr Row kRows[] = {
    {0, "", "moderation_blocked", kModeration},
    {0, "", "content_policy_violation", kModeration},  // the older name

    {0, "insufficient_quota", "", kBilling},
    {0, "", "insufficient_quota", kBilling},
    {0, "", "credit_balance_exhausted", kBilling},
    {0, "", "organization_spend_limit_exceeded", kBilling},
    {0, "", "project_spend_limit_exceeded", kBilling},
    {0, "", "organization_usage_limit_exceeded", kBilling},
    {0, "", "billing_hard_limit_reached", kBilling},
    {0, "", "billing_not_active", kBilling},
    {402, "", "", kBilling},

    {400, "image_generation_user_error", "", kBadInput},
    {400, "", "invalid_image*", kBadInput},
    {400, "", "image_*", kBadInput},
    {413, "", "", kBadInput},
    {400, "", "", kConfiguration},  // a parameter that this model does not take

    {401, "", "", kConfiguration},  // the key
    {403, "", "", kConfiguration},  // the organisation is not verified, the country not served
    {404, "", "", kConfiguration},  // the model is retired

    {408, "", "", kTransient},
    {409, "", "", kTransient},
    {429, "", "", kRateLimited},
    {500, "", "", kTransient},
};

bool fits(const Row& row, const ApiError& error) {
  const bool status =
      row.status == 0 || row.status == error.status || (row.status == 500 && error.status >= 500);
  const bool code = row.code.ends_with('*')
                        ? error.code.starts_with(row.code.substr(0, row.code.size() - 1))
                        : row.code.empty() || row.code == error.code;
  return status && code && (row.type.empty() || row.type == error.type);
}

std::string text_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains({key.data(), key.size()});
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

// The API repeats the key it was given, partly masked: "Incorrect API key provided:
// sk-proj-ab***yz".
void mask_keys(std::string& text) {
  constexpr std::string_view kPrefix = "sk-";
  constexpr std::string_view kMask = "sk-***";
  for (std::size_t at = text.find(kPrefix); at != std::string::npos;
       at = text.find(kPrefix, at + kMask.size())) {
    const std::size_t end = std::min(text.find_first_of(" \t,;\"'", at), text.size());
    text.replace(at, end - at, kMask);
  }
}

std::string tidy(std::string text) {
  mask_keys(text);
  std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  if (text.size() > kMaxMessage) {
    std::size_t end = kMaxMessage;  // not inside a UTF-8 sequence
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    text.resize(end);
    text += "...";
  }
  return text;
}

std::string describe_moderation(const json::object& error) {
  const auto* details = error.if_contains("moderation_details");
  if (!details || !details->is_object()) return {};
  std::string out = text_of(details->get_object(), "moderation_stage");
  const auto* categories = details->get_object().if_contains("categories");
  if (!categories || !categories->is_array()) return tidy(std::move(out));
  std::string_view separator = ": ";
  for (const auto& category : categories->get_array()) {
    if (!category.is_string()) continue;
    out += separator;
    out += std::string_view(category.get_string());
    separator = ", ";
  }
  return tidy(std::move(out));
}

}  // namespace

ApiError parse_api_error(int status, std::string_view body) {
  ApiError out;
  out.status = status;
  if (body.size() > kMaxErrorBody) return out;
  const Result<json::value> parsed = json::parse(body);
  if (!parsed || !parsed->is_object()) return out;
  const auto* error = parsed->get_object().if_contains("error");
  if (!error || !error->is_object()) return out;
  const json::object& object = error->get_object();
  out.type = tidy(text_of(object, "type"));
  out.code = tidy(text_of(object, "code"));
  out.param = tidy(text_of(object, "param"));
  out.message = tidy(text_of(object, "message"));
  out.moderation = describe_moderation(object);
  return out;
}

Classification classify(const ApiError& error) {
  for (const Row& row : kRows) {
    if (fits(row, error)) return row.meaning;
  }
  return kUnknown;
}

std::string describe(const ApiError& error) {
  std::string out = fmt::format("OpenAI answered {}", error.status);
  if (!error.code.empty()) {
    out += ' ' + error.code;
  } else if (!error.type.empty()) {
    out += ' ' + error.type;
  }
  if (!error.param.empty()) out += fmt::format(" (parameter {})", error.param);
  if (!error.message.empty()) out += ": " + error.message;
  return out;
}

}  // namespace selvage::tryon::openai
