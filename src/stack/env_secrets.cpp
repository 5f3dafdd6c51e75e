#include "stack/env_secrets.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "base/id.hpp"
#include "base/placeholder.hpp"
#include "base/text.hpp"

namespace selvage::stack {

namespace {

using Words = std::vector<std::string_view>;

template <std::size_t N>
bool any_of(const Words& words, const std::array<std::string_view, N>& known) {
  return std::ranges::any_of(
      words, [&](std::string_view word) { return std::ranges::find(known, word) != known.end(); });
}

constexpr std::array<std::string_view, 12> kSecretWords = {
    "password", "passwd",      "pass",       "secret", "secrets", "token",
    "apikey",   "credentials", "passphrase", "salt",   "pepper",  "credential"};

// The last word says that the variable is about a secret and holds none.
constexpr std::array<std::string_view, 34> kAboutSecrets = {
    "file",    "path",    "dir",     "url",        "uri",      "name",    "id",
    "ttl",     "expiry",  "expires", "expiration", "timeout",  "length",  "limit",
    "seconds", "minutes", "hours",   "days",       "type",     "enabled", "algorithm",
    "header",  "prefix",  "issuer",  "audience",   "user",     "min",     "max",
    "count",   "version", "rounds",  "policy",     "lifetime", "age"};
constexpr std::array<std::string_view, 9> kOpenKeys = {
    "public", "publishable", "anon", "primary", "sort", "partition", "cache", "site", "foreign"};

constexpr std::array<std::string_view, 52> kGivers = {
    "openai",   "anthropic", "aws",      "gcp",        "google",    "azure",     "stripe",
    "github",   "gitlab",    "slack",    "telegram",   "twilio",    "sendgrid",  "mailgun",
    "postmark", "smtp",      "email",    "mail",       "supabase",  "sentry",    "discord",
    "whatsapp", "meta",      "facebook", "cloudflare", "langsmith", "langchain", "huggingface",
    "hf",       "shopify",   "npm",      "docker",     "registry",  "client",    "webhook",
    "bot",      "license",   "datadog",  "pagerduty",  "opsgenie",  "cohere",    "gemini",
    "groq",     "mistral",   "deepseek", "pinecone",   "twitter",   "apple",     "paypal",
    "apikey",   "tailscale", "ngrok"};

constexpr std::array<std::string_view, 44> kCommonWords = {
    "admin", "administrator", "api",      "app",  "change",     "changeme",    "changeit",
    "db",    "database",      "default",  "demo", "dev",        "development", "django",
    "dummy", "example",       "for",      "here", "in",         "insecure",    "jwt",
    "key",   "local",         "master",   "me",   "my",         "password",    "pass",
    "pk",    "please",        "postgres", "prod", "production", "redis",       "replace",
    "root",  "secret",        "secure",   "sk",   "super",      "test",        "token",
    "user",  "your"};

// POSTGRES_PASSWORD and postgresPassword alike: the words in lower case, in `kept`.
Words words_of(std::string_view variable, std::string& kept) {
  kept.clear();
  for (std::size_t i = 0; i < variable.size(); ++i) {
    const char c = variable[i];
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper && i > 0 && variable[i - 1] >= 'a' && variable[i - 1] <= 'z') kept += '_';
    kept += c == '-' || c == '.' ? '_' : to_lower_ascii(c);
  }
  Words words;
  for (const std::string_view word : split(kept, '_')) {
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

bool ends_with(const Words& words, std::string_view first, std::string_view second) {
  const std::size_t n = words.size();
  return n >= 2 && words[n - 2] == first && words[n - 1] == second;
}

bool is_letter(char c) { return to_lower_ascii(c) >= 'a' && to_lower_ascii(c) <= 'z'; }

bool made_of_common_words(std::string_view secret) {
  const std::string lower = to_lower_ascii(secret);
  bool any = false;
  for (std::size_t i = 0; i < lower.size();) {
    std::size_t end = i;
    while (end < lower.size() && is_letter(lower[end])) ++end;
    if (end == i) {
      ++i;
      continue;
    }
    const std::string_view word = std::string_view(lower).substr(i, end - i);
    if (std::ranges::find(kCommonWords, word) == kCommonWords.end()) return false;
    any = true;
    i = end;
  }
  const auto digits = std::ranges::count_if(lower, is_digit);
  return any && digits <= 4;
}

}  // namespace

SecretSort secret_sort(std::string_view variable) {
  std::string kept;
  const Words words = words_of(variable, kept);
  if (words.empty()) return SecretSort::none;
  if (std::ranges::find(kAboutSecrets, words.back()) != kAboutSecrets.end()) {
    return SecretSort::none;
  }
  const bool key = (words.back() == "key" || words.back() == "keys") && words.size() > 1;
  if (any_of(words, kOpenKeys)) return SecretSort::none;
  if (!key && !any_of(words, kSecretWords)) return SecretSort::none;
  const bool given = any_of(words, kGivers) || ends_with(words, "api", "key") ||
                     ends_with(words, "access", "key") || ends_with(words, "api", "token") ||
                     ends_with(words, "access", "token") || ends_with(words, "refresh", "token");
  return given ? SecretSort::foreign : SecretSort::own;
}

double estimated_bits(std::string_view secret) {
  if (secret.empty()) return 0;
  const auto all = [&](auto is) { return std::ranges::all_of(secret, is); };
  const auto any = [&](auto is) { return std::ranges::any_of(secret, is); };
  const auto is_hex = [](char c) {
    return is_digit(c) || (to_lower_ascii(c) >= 'a' && to_lower_ascii(c) <= 'f');
  };
  double alphabet = 0;
  if (all(is_digit)) {
    alphabet = 10;
  } else if (all(is_hex)) {
    alphabet = 16;
  } else {
    if (any([](char c) { return c >= 'a' && c <= 'z'; })) alphabet += 26;
    if (any([](char c) { return c >= 'A' && c <= 'Z'; })) alphabet += 26;
    if (any(is_digit)) alphabet += 10;
    if (any([](char c) { return !is_letter(c) && !is_digit(c); })) alphabet += 32;
  }
  std::array<bool, 256> seen{};
  for (const char c : secret) seen[static_cast<unsigned char>(c)] = true;
  const auto distinct = static_cast<double>(std::ranges::count(seen, true));
  constexpr double kFew = 6;  // so few come by repetition, not by chance
  return static_cast<double>(secret.size()) * std::log2(distinct <= kFew ? distinct : alphabet);
}

std::optional<std::string_view> guessable_reason(std::string_view secret) {
  if (secret.empty()) return std::nullopt;
  if (const auto reason = insecure_reason(secret)) return reason;
  if (made_of_common_words(secret)) return "is made of common words";
  return std::nullopt;
}

std::string new_secret() {
  for (;;) {
    std::string secret = random_token(32);
    if (is_letter(secret[0]) || is_digit(secret[0])) return secret;
  }
}

}  // namespace selvage::stack
