// How much one query may bring into memory, on either database.
#pragma once

#include <cstddef>

namespace selvage::data {

inline constexpr std::size_t kMaxRows = 250'000;  // of one query; more is a missing LIMIT
inline constexpr int kMaxValueBytes = 64 << 20;   // of one text, and of one row

}  // namespace selvage::data
