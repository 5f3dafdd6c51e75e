// Sizes, durations and command lines as Go's libraries read them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace selvage::stack::detail {

// "64m", "1.5 GiB", "512kb": powers of 1024; nullopt when it is none.
[[nodiscard]] std::optional<std::int64_t> parse_size(std::string_view text);

// "1m30s", "1.5h", "2d", "1w", "500ms" in nanoseconds; nullopt when it is none.
[[nodiscard]] std::optional<std::int64_t> parse_duration(std::string_view text);
// "1m30s", "1.5s", "500ms", "0s".
[[nodiscard]] std::string duration_text(std::int64_t nanoseconds);

// The words of a command line up to the first ; & | < >, quotes removed; nothing is expanded.
// nullopt for quotes that do not end and for parentheses.
[[nodiscard]] std::optional<std::vector<std::string>> shell_words(std::string_view line);

}  // namespace selvage::stack::detail
