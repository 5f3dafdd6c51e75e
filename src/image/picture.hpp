// A picture in memory: 8-bit sRGB samples, row after row from the top, without padding.
//
// A plain value: copying copies the pixels, moving is free. Every picture that leaves this room is
// upright (EXIF orientation applied), in sRGB, and carries no metadata.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace selvage::image {

struct Picture {
  int width = 0;
  int height = 0;
  int channels = 3;                  // 3: RGB; 4: RGBA, alpha not premultiplied
  std::vector<std::uint8_t> pixels;  // exactly width * height * channels bytes

  // REQUIRES: width and height at least 1, channels 3 or 4. Every sample is `sample`.
  static Picture filled(int width, int height, int channels, std::uint8_t sample);

  [[nodiscard]] bool empty() const { return pixels.empty(); }
  [[nodiscard]] bool has_alpha() const { return channels == 4; }
  [[nodiscard]] std::size_t stride() const {
    return static_cast<std::size_t>(width) * static_cast<std::size_t>(channels);
  }
  // REQUIRES: 0 <= y < height. Borrowed; valid until the picture is changed in size or destroyed.
  [[nodiscard]] std::span<std::uint8_t> row(int y) {
    return {pixels.data() + static_cast<std::size_t>(y) * stride(), stride()};
  }
  [[nodiscard]] std::span<const std::uint8_t> row(int y) const {
    return {pixels.data() + static_cast<std::size_t>(y) * stride(), stride()};
  }
};

// The picture as RGB, what is transparent shown on white. Moves when there is nothing to do.
[[nodiscard]] Picture flatten_on_white(Picture picture);

}  // namespace selvage::image
