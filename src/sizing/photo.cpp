#include "sizing/photo.hpp"

#include <algorithm>
#include <utility>

namespace selvage::sizing {
namespace {

image::Picture without_alpha(image::Picture picture) {
  if (!picture.has_alpha()) return picture;
  // In place: what is written never lies behind what is still to be read.
  std::uint8_t* to = picture.pixels.data();
  for (std::size_t i = 0; i + 3 < picture.pixels.size(); i += 4) {
    for (std::size_t c = 0; c < 3; ++c) *to++ = picture.pixels[i + c];
  }
  picture.channels = 3;
  picture.pixels.resize(picture.stride() * static_cast<std::size_t>(picture.height));
  return picture;
}

}  // namespace

Result<image::Picture> decode_photo(std::string_view bytes, image::DecodeLimits limits) {
  const image::Header header = TRY(image::probe(bytes, limits.caps));
  // Halving by halves: those sizes cost the JPEG decoder nothing, and no resampling follows.
  const double area = static_cast<double>(header.width) * header.height;
  int divisor = 1;
  while (divisor < 8 && area / (divisor * divisor) > kLargestPhotoArea) divisor *= 2;
  if (divisor > 1) {
    const int longer = std::max(header.width, header.height);
    const int side = (longer + divisor - 1) / divisor;
    limits.max_side = limits.max_side == 0 ? side : std::min(limits.max_side, side);
  }
  return without_alpha(TRY(image::decode(bytes, limits)));
}

}  // namespace selvage::sizing
