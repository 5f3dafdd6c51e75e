#include "base/detail/trace_state.hpp"

#include <algorithm>
#include <vector>

#include "base/text.hpp"
#include "base/trace.hpp"

namespace selvage::detail {

namespace {

constexpr std::size_t kMaxMembers = 32;
constexpr std::size_t kMaxKey = 256;
constexpr std::size_t kMaxTenant = 241;
constexpr std::size_t kMaxSystem = 14;
constexpr std::size_t kMaxValue = 256;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

// Letters or a digit first, then those and "_-*/".
bool is_part(std::string_view part, std::size_t most, bool digit_first) {
  if (part.empty() || part.size() > most) return false;
  if (!is_lower(part[0]) && !(digit_first && is_digit(part[0]))) return false;
  return std::ranges::all_of(part, [](char c) {
    return is_lower(c) || is_digit(c) || c == '_' || c == '-' || c == '*' || c == '/';
  });
}

// "key", or "tenant@system".
bool is_key(std::string_view key) {
  const std::size_t at = key.find('@');
  if (at == std::string_view::npos) return is_part(key, kMaxKey, true);
  return is_part(key.substr(0, at), kMaxTenant, true) &&
         is_part(key.substr(at + 1), kMaxSystem, false);
}

bool is_value(std::string_view value) {
  return !value.empty() && value.size() <= kMaxValue && value.back() != ' ' &&
         std::ranges::all_of(value,
                             [](char c) { return c >= ' ' && c <= '~' && c != ',' && c != '='; });
}

std::string_view without_space(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

bool is_trace_state(std::string_view text) {
  if (text.empty() || text.size() > kMaxTraceState) return false;
  std::vector<std::string_view> keys;
  for (std::string_view member : split(text, ',')) {
    member = without_space(member);
    if (member.empty()) continue;  // allowed, and common at a list's end
    const std::size_t equals = member.find('=');
    if (equals == std::string_view::npos) return false;
    const std::string_view key = member.substr(0, equals);
    if (!is_key(key) || !is_value(member.substr(equals + 1))) return false;
    if (std::ranges::find(keys, key) != keys.end()) return false;
    keys.push_back(key);
  }
  return !keys.empty() && keys.size() <= kMaxMembers;
}

}  // namespace selvage::detail
