// Small operations on text that several rooms need. ASCII rules only: no locale takes part. Any
// thread.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace selvage {

// Without leading and trailing space, tab, CR, LF, VT and FF.
[[nodiscard]] std::string_view trim(std::string_view text);
// Every piece between separators, empty ones too: split("a,,b", ',') has three, split("", ',') one.
// The pieces view `text`.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
[[nodiscard]] std::string join(std::span<const std::string> pieces, std::string_view separator);

[[nodiscard]] constexpr char to_lower_ascii(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
[[nodiscard]] constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
[[nodiscard]] std::string to_lower_ascii(std::string_view text);
[[nodiscard]] bool equals_icase(std::string_view a, std::string_view b);
[[nodiscard]] bool starts_with_icase(std::string_view text, std::string_view prefix);

// Length in bytes (1..4) of the well-formed UTF-8 sequence at the start of `text`; 0 when there is
// none. Overlong forms, surrogates and values past U+10FFFF are not well formed.
[[nodiscard]] std::size_t utf8_sequence(std::string_view text);
[[nodiscard]] bool is_valid_utf8(std::string_view text);

// `text` with U+FFFD for each byte that is broken UTF-8 and each U+0000: what every database and
// every JSON reader takes. For diagnoses; a name must rather be refused.
[[nodiscard]] std::string mended_utf8(std::string_view text);

// RFC 3986: everything but the unreserved characters and those in `keep` becomes %XX, upper case.
[[nodiscard]] std::string percent_encode(std::string_view text, std::string_view keep = {});
// Decodes %XX and nothing else ('+' stays). Errors: text.percent for a '%' without two hex digits.
[[nodiscard]] Result<std::string> percent_decode(std::string_view text);

// "text" in double quotes for an error message: control characters and broken UTF-8 are shown as
// \xXX, and what is past `max_bytes` as "...", so that hostile input can neither garble nor flood
// what a person reads.
[[nodiscard]] std::string in_quotes(std::string_view text, std::size_t max_bytes = 80);

}  // namespace selvage
