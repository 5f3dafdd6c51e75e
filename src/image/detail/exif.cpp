#include "image/detail/exif.hpp"

#include <algorithm>

#include "image/detail/bytes.hpp"

namespace selvage::image::detail {

int exif_orientation(std::string_view block) {
  constexpr std::uint32_t kOrientationTag = 0x0112, kShort = 3, kLong = 4, kMaxEntries = 512;
  if (block.starts_with(std::string_view("Exif\0\0", 6))) block.remove_prefix(6);
  const bool little = block.starts_with(std::string_view("II*\0", 4));
  if (!little && !block.starts_with(std::string_view("MM\0*", 4))) return 1;
  auto read16 = [&](std::size_t at) { return little ? little16(block, at) : big16(block, at); };
  auto read32 = [&](std::size_t at) { return little ? little32(block, at) : big32(block, at); };

  const std::size_t directory = read32(4);
  const std::uint32_t entries = std::min(read16(directory), kMaxEntries);
  for (std::uint32_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + std::size_t{12} * i;
    if (entry + 12 > block.size()) return 1;
    if (read16(entry) != kOrientationTag) continue;
    const std::uint32_t type = read16(entry + 2);
    const std::uint32_t value = type == kShort  ? read16(entry + 8)
                                : type == kLong ? read32(entry + 8)
                                                : 0;
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

}  // namespace selvage::image::detail
