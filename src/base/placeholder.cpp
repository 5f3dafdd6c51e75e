#include "base/placeholder.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "base/text.hpp"

namespace selvage {

namespace {

// All in lower case; compared without regard to case, '-', '_' and ' '.
constexpr std::array<std::string_view, 8> kPlaceholderStarts = {
    "changeme",    "changethis",  "changeit",   "yourkey",
    "replacethis", "replacewith", "insertyour", "putyour"};
constexpr std::array<std::string_view, 9> kPlaceholders = {
    "todo", "fixme", "tbd", "placeholder", "replace", "replaceme", "setme", "fillme", "dummy"};

constexpr std::array<std::string_view, 28> kKnownSecrets = {
    "admin", "administrator", "admin123",  "default",   "demo",       "dev",     "example",
    "guest", "letmein",       "master",    "minio",     "minioadmin", "mysql",   "mysecretpassword",
    "pass",  "password",      "password1", "passw0rd",  "postgres",   "qwerty",  "rabbitmq",
    "redis", "root",          "secret",    "secretkey", "test",       "testing", "user"};

std::string squeeze(std::string_view text) {
  std::string squeezed;
  for (const char c : trim(text)) {
    if (c != '-' && c != '_' && c != ' ') squeezed += to_lower_ascii(c);
  }
  return squeezed;
}

bool one_character(std::string_view text) {
  return std::ranges::all_of(text, [&](char c) { return c == text[0]; });
}

// "123456", "abcdef", "012345678901": each character follows the one before.
bool counts_up(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    const bool wraps = text[i - 1] == '9' && (text[i] == '0' || text[i] == '1');
    if (text[i] != text[i - 1] + 1 && !wraps) return false;
  }
  return text.size() >= 3;
}

}  // namespace

std::optional<std::string_view> placeholder_reason(std::string_view value) {
  constexpr std::string_view kTemplate = "is a placeholder from a template";
  const std::string_view trimmed = trim(value);
  if (trimmed.size() >= 3 && trimmed.front() == '<' && trimmed.back() == '>') return kTemplate;
  if (const auto open = trimmed.find("${"); open != std::string_view::npos) {
    if (trimmed.find('}', open) != std::string_view::npos) {
      return "holds a ${...} reference, which is not expanded here";
    }
  }
  if (starts_with_icase(trimmed, "your-") || starts_with_icase(trimmed, "your_")) return kTemplate;
  const std::string squeezed = squeeze(trimmed);
  if (squeezed.size() >= 3 && squeezed[0] == 'x' && one_character(squeezed)) return kTemplate;
  const bool starts = std::ranges::any_of(
      kPlaceholderStarts, [&](std::string_view start) { return squeezed.starts_with(start); });
  const bool is = std::ranges::find(kPlaceholders, squeezed) != kPlaceholders.end();
  // "replace-..." and "replace_...", but not a host name such as replacements.example
  const bool replace =
      starts_with_icase(trimmed, "replace-") || starts_with_icase(trimmed, "replace_");
  if (starts || is || replace) return kTemplate;
  return std::nullopt;
}

std::optional<std::string_view> insecure_reason(std::string_view secret) {
  if (secret.empty()) return std::nullopt;
  if (one_character(secret)) return "is one repeated character";
  const std::string squeezed = squeeze(secret);
  if (counts_up(squeezed)) return "is a counting sequence";
  if (std::ranges::find(kKnownSecrets, squeezed) != kKnownSecrets.end()) {
    return "is a well-known default";
  }
  return std::nullopt;
}

}  // namespace selvage
