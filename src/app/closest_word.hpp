// "Did you mean": the known word nearest to a mistyped one.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace selvage::app {

// nullopt when nothing is near: more than a third of the letters differ.
[[nodiscard]] std::optional<std::string_view> closest_word(std::string_view typed,
                                                           std::span<const std::string_view> known);

}  // namespace selvage::app
