#include "image/orientation.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace selvage::image {
namespace {

// Where the pixel that ends at (0, 0) comes from, and the source steps (in pixels) for one step
// right and one step down in the upright picture.
struct Walk {
  std::ptrdiff_t start, right, down;
};

Walk walk_of(int orientation, std::ptrdiff_t w, std::ptrdiff_t h) {
  const std::ptrdiff_t last_column = w - 1;
  const std::ptrdiff_t last_row = (h - 1) * w;
  switch (orientation) {
    case 2:
      return {last_column, -1, w};
    case 3:
      return {last_row + last_column, -1, -w};
    case 4:
      return {last_row, 1, -w};
    case 5:
      return {0, w, 1};
    case 6:
      return {last_row, -w, 1};
    case 7:
      return {last_row + last_column, -w, -1};
    case 8:
      return {last_column, w, -1};
    default:
      return {0, 1, w};
  }
}

template <std::size_t kChannels>
void copy_tile(const std::uint8_t* source, std::uint8_t* target, const Walk& walk, int width,
               int x0, int x1, int y0, int y1) {
  for (int y = y0; y < y1; ++y) {
    std::ptrdiff_t from = walk.start + y * walk.down + x0 * walk.right;
    std::uint8_t* to = target + (static_cast<std::size_t>(y) * width + x0) * kChannels;
    for (int x = x0; x < x1; ++x, from += walk.right, to += kChannels) {
      std::memcpy(to, source + from * static_cast<std::ptrdiff_t>(kChannels), kChannels);
    }
  }
}

}  // namespace

Picture make_upright(Picture picture, int orientation) {
  if (orientation < 2 || orientation > 8 || picture.empty()) return picture;
  Picture upright = Picture::filled(picture.width, picture.height, picture.channels, 0);
  if (orientation >= 5) std::swap(upright.width, upright.height);
  const Walk walk = walk_of(orientation, picture.width, picture.height);

  constexpr int kTile =
      32;  // both the rows read and the rows written of a tile stay in the L1 cache
  for (int y = 0; y < upright.height; y += kTile) {
    for (int x = 0; x < upright.width; x += kTile) {
      const int x1 = std::min(x + kTile, upright.width);
      const int y1 = std::min(y + kTile, upright.height);
      auto copy = picture.channels == 4 ? copy_tile<4> : copy_tile<3>;
      copy(picture.pixels.data(), upright.pixels.data(), walk, upright.width, x, x1, y, y1);
    }
  }
  return upright;
}

}  // namespace selvage::image
