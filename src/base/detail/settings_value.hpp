// Checks one value against its line in the settings table.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/settings.hpp"

namespace selvage::detail {

// The number that `text` stands for (integer; 0 or 1 for a flag; milliseconds; bytes; 0 for all
// else), or what is wrong with it as the end of a sentence: "must be between 1 and 4096, is "0"".
// Secrets are never quoted. The empty text passes for every type that is not a number: it means
// "not set".
[[nodiscard]] std::expected<std::int64_t, std::string> check_value(const SettingSpec& spec,
                                                                   std::string_view text);

// The comma-separated items of a list, trimmed, without empty ones.
[[nodiscard]] std::vector<std::string> list_items(std::string_view text);

// How a value may be shown to people: passwords in URLs masked, secrets as "(set)" or "(not set)".
[[nodiscard]] std::string shown_value(const SettingSpec& spec, std::string_view text);

}  // namespace selvage::detail
