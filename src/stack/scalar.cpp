// The types of plain scalars, as go-yaml v3 resolves them: YAML 1.2's core schema with octal and
// underscores of 1.1. What it takes for a timestamp stays a string here; Compose refuses those.
#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <string>

#include "base/text.hpp"
#include "stack/yaml.hpp"

namespace selvage::stack {

namespace {

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::ranges::find(words, text) != words.end();
}

constexpr std::array<std::string_view, 5> kNull{"", "~", "null", "Null", "NULL"};
constexpr std::array<std::string_view, 3> kTrue{"true", "True", "TRUE"};
constexpr std::array<std::string_view, 3> kFalse{"false", "False", "FALSE"};
constexpr std::array<std::string_view, 3> kNan{".nan", ".NaN", ".NAN"};
constexpr std::array<std::string_view, 6> kInfinity{".inf",  ".Inf",  ".INF",
                                                    "+.inf", "+.Inf", "+.INF"};
constexpr std::array<std::string_view, 3> kMinusInfinity{"-.inf", "-.Inf", "-.INF"};

// Digits behind 0x, 0o, 0b, a leading 0 (octal) or none (decimal).
std::optional<std::int64_t> whole_number(std::string_view text) {
  bool negative = false;
  if (text.starts_with('+') || text.starts_with('-')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    switch (to_lower_ascii(text[1])) {
      case 'x':
        base = 16;
        break;
      case 'o':
        base = 8;
        break;
      case 'b':
        base = 2;
        break;
      default:
        base = -8;
    }
    text.remove_prefix(base > 0 ? 2 : 1);
    base = std::abs(base);
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (value > kMost) return std::nullopt;
  return negative ? -static_cast<std::int64_t>(value) : static_cast<std::int64_t>(value);
}

std::optional<double> real_number(std::string_view text) {
  std::string_view rest = text;
  if (rest.starts_with('+') || rest.starts_with('-')) rest.remove_prefix(1);
  // from_chars would take "inf" and "nan"; this is a number that begins with a digit or point
  if (rest.empty() ||
      !(is_digit(rest[0]) || (rest[0] == '.' && rest.size() > 1 && is_digit(rest[1])))) {
    return std::nullopt;
  }
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Node typed(std::string_view text) {
  if (is_one_of(text, kNull)) return Node::null_value();
  if (is_one_of(text, kTrue)) return Node::boolean(true);
  if (is_one_of(text, kFalse)) return Node::boolean(false);
  if (is_one_of(text, kNan)) return Node::real(std::numeric_limits<double>::quiet_NaN());
  if (is_one_of(text, kInfinity)) return Node::real(std::numeric_limits<double>::infinity());
  if (is_one_of(text, kMinusInfinity)) return Node::real(-std::numeric_limits<double>::infinity());
  const char first = text.front();
  if (first == '.') {
    if (const auto real = real_number(text)) return Node::real(*real);
  } else if (is_digit(first) || first == '+' || first == '-') {
    std::string digits(text);
    std::erase(digits, '_');
    if (const auto whole = whole_number(digits)) return Node::whole(*whole);
    if (const auto real = real_number(digits)) return Node::real(*real);
  }
  return Node::string(std::string(text));
}

}  // namespace

Node plain_scalar(std::string_view text) {
  Node node = typed(text);
  node.text = text;
  return node;
}

}  // namespace selvage::stack
