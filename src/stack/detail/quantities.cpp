#include "stack/detail/quantities.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "base/text.hpp"

namespace selvage::stack::detail {

namespace {

std::optional<double> real(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

constexpr std::int64_t kSecond = 1'000'000'000;

// Nanoseconds of the unit at the front, which is taken off.
std::int64_t take_unit(std::string_view& text) {
  struct Unit {
    std::string_view name;
    std::int64_t nanoseconds;
  };
  static constexpr Unit kUnits[] = {{"ns", 1},
                                    {"us", 1'000},
                                    {"µs", 1'000},
                                    {"μs", 1'000},
                                    {"ms", 1'000'000},
                                    {"s", kSecond},
                                    {"m", 60 * kSecond},
                                    {"h", 3'600 * kSecond},
                                    {"d", 86'400 * kSecond},
                                    {"w", 604'800 * kSecond}};
  std::size_t length = 0;
  while (length < text.size() && !is_digit(text[length]) && text[length] != '.') ++length;
  const std::string_view name = text.substr(0, length);
  for (const Unit& unit : kUnits) {
    if (unit.name != name) continue;
    text.remove_prefix(length);
    return unit.nanoseconds;
  }
  return 0;
}

std::string with_fraction(std::int64_t whole, std::int64_t fraction, int digits) {
  std::string text = std::to_string(whole);
  if (fraction == 0) return text;
  std::string tail = fmt::format("{:0{}}", fraction, digits);
  tail.erase(tail.find_last_not_of('0') + 1);
  return text + "." + tail;
}

}  // namespace

std::optional<std::int64_t> parse_size(std::string_view text) {
  const std::size_t last = text.find_last_of("0123456789. ");
  if (last == std::string_view::npos) return std::nullopt;
  const std::string_view digits = text.substr(0, text[last] == ' ' ? last : last + 1);
  const std::string suffix = to_lower_ascii(text.substr(last + 1));
  const auto value = real(digits);
  if (!value || *value < 0) return std::nullopt;
  double size = *value;
  if (!suffix.empty() && suffix != "b") {
    constexpr std::string_view kPrefixes = "kmgtp";
    const std::size_t power = kPrefixes.find(suffix[0]);
    const std::string_view rest = std::string_view(suffix).substr(1);
    if (power == std::string_view::npos || (!rest.empty() && rest != "b" && rest != "ib")) {
      return std::nullopt;
    }
    size *= std::pow(1024.0, static_cast<double>(power + 1));
  }
  if (size >= 9.2e18) return std::nullopt;
  return static_cast<std::int64_t>(size);
}

std::optional<std::int64_t> parse_duration(std::string_view text) {
  bool negative = false;
  if (text.starts_with('-') || text.starts_with('+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  if (text == "0") return 0;
  if (text.empty()) return std::nullopt;
  double sum = 0;
  while (!text.empty()) {
    std::size_t length = 0;
    while (length < text.size() && (is_digit(text[length]) || text[length] == '.')) ++length;
    const auto value = real(text.substr(0, length));
    if (!value) return std::nullopt;
    text.remove_prefix(length);
    const std::int64_t unit = take_unit(text);
    if (unit == 0) return std::nullopt;
    sum += *value * static_cast<double>(unit);
    if (sum >= 9.2e18) return std::nullopt;
  }
  const auto nanoseconds = static_cast<std::int64_t>(std::llround(sum));
  return negative ? -nanoseconds : nanoseconds;
}

std::string duration_text(std::int64_t nanoseconds) {
  if (nanoseconds == 0) return "0s";
  if (nanoseconds < 0) return "-" + duration_text(-nanoseconds);
  if (nanoseconds < 1'000) return fmt::format("{}ns", nanoseconds);
  if (nanoseconds < 1'000'000)
    return with_fraction(nanoseconds / 1'000, nanoseconds % 1'000, 3) + "µs";
  if (nanoseconds < kSecond) {
    return with_fraction(nanoseconds / 1'000'000, nanoseconds % 1'000'000, 6) + "ms";
  }
  const std::int64_t seconds = nanoseconds / kSecond;
  std::string text;
  if (seconds >= 3'600) text += fmt::format("{}h", seconds / 3'600);
  if (seconds >= 60) text += fmt::format("{}m", seconds / 60 % 60);
  return text + with_fraction(seconds % 60, nanoseconds % kSecond, 9) + "s";
}

std::optional<std::vector<std::string>> shell_words(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool has_word = false;
  bool escaped = false;
  char quote = '\0';
  bool in_dollar = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (escaped) {
      word += c;
      escaped = false;
      has_word = true;
      continue;
    }
    if (c == '\\' && quote != '\'') {
      escaped = true;
      continue;
    }
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      if (quote != '\0' || in_dollar) {
        word += c;
      } else if (has_word) {
        words.push_back(std::exchange(word, {}));
        has_word = false;
      }
      continue;
    }
    if (c == '`' && quote != '\'' && quote != '"' && !in_dollar) {
      quote = quote == '`' ? '\0' : '`';
    } else if (c == ')' && quote == '\0') {
      in_dollar = !in_dollar;
    } else if (c == '(' && quote == '\0') {
      if (in_dollar || !word.ends_with('$')) return std::nullopt;
      in_dollar = true;
      word += c;
      continue;
    } else if ((c == '"' || c == '\'') && !in_dollar && (quote == '\0' || quote == c)) {
      if (quote == c) has_word = true;
      quote = quote == c ? '\0' : c;
      continue;
    } else if (std::string_view(";&|<>").contains(c) && quote == '\0' && !in_dollar) {
      if (c == '>' && !word.empty() && is_digit(word[0])) has_word = false;
      break;
    }
    word += c;
    has_word = true;
  }
  if (has_word) words.push_back(word);
  if (escaped || quote != '\0' || in_dollar) return std::nullopt;
  return words;
}

}  // namespace selvage::stack::detail
