#include "image/picture.hpp"

#include <utility>

#include "base/error.hpp"

namespace selvage::image {

Picture Picture::filled(int width, int height, int channels, std::uint8_t sample) {
  SELVAGE_CHECK(width >= 1 && height >= 1 && (channels == 3 || channels == 4));
  Picture picture{width, height, channels, {}};
  picture.pixels.assign(picture.stride() * static_cast<std::size_t>(height), sample);
  return picture;
}

Picture flatten_on_white(Picture picture) {
  if (!picture.has_alpha()) return picture;
  const std::size_t count = picture.pixels.size() / 4;
  for (std::size_t i = 0; i < count; ++i) {
    const unsigned alpha = picture.pixels[4 * i + 3];
    for (std::size_t c = 0; c < 3; ++c) {
      const unsigned blended = picture.pixels[4 * i + c] * alpha + 255 * (255 - alpha);
      picture.pixels[3 * i + c] = static_cast<std::uint8_t>((blended + 127) / 255);
    }
  }
  picture.pixels.resize(count * 3);
  picture.channels = 3;
  return picture;
}

}  // namespace selvage::image
