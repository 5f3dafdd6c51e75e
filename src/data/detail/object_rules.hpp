// What every object storage takes and refuses alike.
#pragma once

#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "data/object_storage.hpp"

namespace selvage::data {

// A prefix may end anywhere inside a key. Errors: storage.key.
[[nodiscard]] Result<void> check_prefix(std::string_view prefix);
// Errors: storage.lifetime: a second to seven days, the most that S3 takes.
[[nodiscard]] Result<void> check_lifetime(seconds lifetime);
// Errors: storage.too_large.
[[nodiscard]] Result<void> check_size(std::string_view key, std::size_t bytes);

inline constexpr std::size_t kMaxListed = 100'000;  // keys in one answer of list()

}  // namespace selvage::data
