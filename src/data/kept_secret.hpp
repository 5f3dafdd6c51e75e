// Secrets that this program makes for itself at its first start and keeps.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace selvage::data {

// The text of `directory`/`name`, or 256 random bits that are stored there first, readable by the
// owner alone. Several processes that start at once agree on one secret. Blocks. Errors:
// secret.unavailable, secret.damaged.
[[nodiscard]] Result<Secret> kept_secret(const std::filesystem::path& directory,
                                         std::string_view name);

}  // namespace selvage::data
