// Which object belongs to which session. Ids may hold characters that storage keys may not (':', or
// ".."), so an unusual id is written as base64url under "encoded/"; the mapping is one to one.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace selvage::tryon::detail {

inline constexpr std::string_view kObjectScheme = "object:";
inline constexpr std::string_view kInputsRoot = "inputs/";
inline constexpr std::array<std::string_view, 3> kResultExtensions{"jpg", "png", "webp"};

// 1..128 of [A-Za-z0-9_.:-]: what ids of tasks, sessions, requests and owners are made of.
[[nodiscard]] bool is_id(std::string_view text);

// The session whose input `key` is; nullopt when it is none.
[[nodiscard]] std::optional<std::string> session_of_input(std::string_view key);

// "jpg" for image/jpeg; nullopt for what is not a result's type.
[[nodiscard]] std::optional<std::string_view> result_extension(std::string_view media_type);

}  // namespace selvage::tryon::detail
