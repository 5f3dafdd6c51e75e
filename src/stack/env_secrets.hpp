// Which variables hold secrets, told by their names, and what a secret is worth. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace selvage::stack {

enum class SecretSort : std::uint8_t {
  none,
  own,      // a password or key that only this stack's parts share: any strong value will do
  foreign,  // given by somebody else: an API key, a bot's token, a mail server's password
};

// "POSTGRES_PASSWORD" is own, "OPENAI_API_KEY" foreign, "TOKEN_TTL" and "DB_PASSWORD_FILE" none.
[[nodiscard]] SecretSort secret_sort(std::string_view variable);

// How much an attacker has to guess at most, taking the characters for random.
[[nodiscard]] double estimated_bits(std::string_view secret);
inline constexpr double kStrongBits = 128;

// Why everybody can guess it, as the end of a sentence: "is a well-known default", "is made of
// common words". nullopt for what may be fine; the empty text is.
[[nodiscard]] std::optional<std::string_view> guessable_reason(std::string_view secret);

// 256 random bits in letters, digits, '-' and '_', beginning with a letter or digit: fits URLs,
// command lines and env files without quotes.
[[nodiscard]] std::string new_secret();

}  // namespace selvage::stack
