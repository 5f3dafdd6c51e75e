// Fields that a queue message and an API request share, read by the same rules.
#pragma once

#include <optional>
#include <string>

#include "base/json.hpp"
#include "tryon/generation_task.hpp"

namespace selvage::tryon::detail {

inline constexpr std::size_t kMaxOptions = 8 * 1024;  // bytes of JSON

// Of UTF-8 text.
[[nodiscard]] std::size_t count_characters(std::string_view text);

// Absent, null and blank are the same: no prompt. At most kMaxPrompt characters.
[[nodiscard]] std::optional<std::string> read_prompt(json::Reader& reader);
// The object as JSON text, "{}" when absent.
[[nodiscard]] std::string read_options(json::Reader& reader);

}  // namespace selvage::tryon::detail
