#include "audit/detail/secret_name.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/text.hpp"

namespace selvage::audit {

namespace {

constexpr std::array<std::string_view, 14> kSecretWords = {
    "password", "passwd",  "passphrase", "passwort",  "pwd",         "secret",     "token",
    "apikey",   "authkey", "accesskey",  "secretkey", "credentials", "privatekey", "dsn"};
// "key" alone is a secret behind one of these
constexpr std::array<std::string_view, 12> kKeyKinds = {
    "api",     "access", "secret", "private", "master", "encryption",
    "signing", "auth",   "admin",  "role",    "jwt",    "app"};
// the last word that makes something else of it
constexpr std::array<std::string_view, 28> kNotSecret = {
    "file",     "path",      "dir",     "url",     "uri",    "host",   "port",
    "id",       "name",      "expiry",  "expires", "expire", "ttl",    "age",
    "lifetime", "minutes",   "seconds", "hours",   "days",   "length", "limit",
    "enabled",  "algorithm", "issuer",  "type",    "prefix", "header", "user"};

std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words(1);
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool upper = c >= 'A' && c <= 'Z';
    const bool after_lower = i > 0 && name[i - 1] >= 'a' && name[i - 1] <= 'z';
    if (c == '_' || c == '-' || c == '.' || (upper && after_lower)) {
      if (!words.back().empty()) words.emplace_back();
      if (!upper) continue;
    }
    words.back() += to_lower_ascii(c);
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

template <class List>
bool has(const List& list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

}  // namespace

bool names_a_secret(std::string_view name) {
  const std::vector<std::string> words = words_of(name);
  if (words.empty() || has(kNotSecret, words.back()) || has(words, "public")) return false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (has(kSecretWords, words[i])) return true;
    for (const std::string_view ending : {"password", "passwd", "secret", "apikey"}) {
      if (words[i].ends_with(ending)) return true;  // PGPASSWORD, MYSQLPASSWORD
    }
    if (words[i] == "key" && i > 0 && has(kKeyKinds, words[i - 1])) return true;
  }
  return false;
}

bool is_harmless_value(std::string_view value) {
  const std::string word = to_lower_ascii(trim(value));
  if (word.empty() || word == "true" || word == "false" || word == "yes" || word == "no" ||
      word == "none" || word == "null" || word == "on" || word == "off") {
    return true;
  }
  if (word.starts_with('/') || word.starts_with("./")) return true;
  return word.size() <= 5 && std::ranges::all_of(word, [](char c) { return is_digit(c); });
}

}  // namespace selvage::audit
