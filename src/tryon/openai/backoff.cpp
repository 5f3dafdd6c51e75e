#include "tryon/openai/backoff.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <ctime>
#include <string>

#include "base/text.hpp"

namespace selvage::tryon::openai {
namespace {

constexpr milliseconds kFirst{500};
constexpr milliseconds kLongest{8'000};
constexpr milliseconds kFirstOverloaded{2'000};
constexpr milliseconds kLongestOverloaded{16'000};
constexpr double kJitter = 0.25;

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  if (!std::isfinite(value) || value < 0 || value > 1e9) return {};
  return value;
}

// "Sat, 21 Nov 2026 04:00:00 GMT"
std::optional<Timestamp> parse_http_date(std::string_view text) {
  std::tm parts{};
  const std::string terminated(text);
  const char* end = strptime(terminated.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (!end || *end != '\0') return {};
  return from_unix_ms(static_cast<std::int64_t>(timegm(&parts)) * 1000);
}

milliseconds to_ms(double value) {
  return milliseconds(static_cast<std::int64_t>(std::ceil(value)));
}

}  // namespace

bool should_try_again(const Classification& meaning, const net::Headers& headers) {
  if (meaning.final_word) return false;
  const std::string_view told = trim(headers.get("x-should-retry"));
  if (equals_icase(told, "true")) return true;
  if (equals_icase(told, "false")) return false;
  return meaning.transient;
}

std::optional<milliseconds> server_wait(const net::Headers& headers, Timestamp time) {
  if (const auto ms = parse_number(trim(headers.get("retry-after-ms")))) return to_ms(*ms);
  const std::string_view after = trim(headers.get("retry-after"));
  if (const auto given = parse_number(after)) return to_ms(*given * 1000);
  if (const auto date = parse_http_date(after)) return std::max(*date - time, milliseconds(0));
  return {};
}

milliseconds back_off(std::int64_t attempt, bool overloaded, double jitter) {
  const milliseconds first = overloaded ? kFirstOverloaded : kFirst;
  const milliseconds longest = overloaded ? kLongestOverloaded : kLongest;
  const auto doublings = std::clamp<std::int64_t>(attempt, 0, 10);
  const milliseconds wait = std::min(first * (1 << doublings), longest);
  return to_ms(static_cast<double>(wait.count()) * (1 - kJitter * jitter));
}

}  // namespace selvage::tryon::openai
