// Changes to photos that must not change what is measured on them: other light, a tilted camera,
// a mirrored or cropped picture, a bad JPEG.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "image/decode.hpp"
#include "image/encode.hpp"
#include "image/picture.hpp"

namespace selvage::test {

inline image::Picture mirrored(const image::Picture& from) {
  image::Picture to = from;
  for (int y = 0; y < from.height; ++y)
    for (int x = 0; x < from.width; ++x)
      for (int c = 0; c < 3; ++c) to.row(y)[3 * x + c] = from.row(y)[3 * (from.width - 1 - x) + c];
  return to;
}

// Every sample times `gain`.
inline image::Picture brighter(const image::Picture& from, double gain) {
  image::Picture to = from;
  for (auto& sample : to.pixels)
    sample = static_cast<std::uint8_t>(std::clamp(sample * gain + 0.5, 0.0, 255.0));
  return to;
}

// As a camera rolled by `degrees` shows it, around the picture's middle; the border is repeated.
inline image::Picture rolled(const image::Picture& from, double degrees) {
  image::Picture to = from;
  const double a = degrees * std::numbers::pi / 180, c = std::cos(a), s = std::sin(a);
  const double mx = (from.width - 1) / 2.0, my = (from.height - 1) / 2.0;
  for (int y = 0; y < from.height; ++y)
    for (int x = 0; x < from.width; ++x) {
      const double sx = std::clamp(mx + c * (x - mx) + s * (y - my), 0.0, from.width - 1.001);
      const double sy = std::clamp(my - s * (x - mx) + c * (y - my), 0.0, from.height - 1.001);
      const int ix = static_cast<int>(sx), iy = static_cast<int>(sy);
      const double fx = sx - ix, fy = sy - iy;
      const auto upper = from.row(iy), lower = from.row(iy + 1);
      for (int k = 0; k < 3; ++k) {
        const auto at = [&](auto row, int i) { return static_cast<double>(row[3 * i + k]); };
        const double value = (at(upper, ix) * (1 - fx) + at(upper, ix + 1) * fx) * (1 - fy) +
                             (at(lower, ix) * (1 - fx) + at(lower, ix + 1) * fx) * fy;
        to.row(y)[3 * x + k] = static_cast<std::uint8_t>(value + 0.5);
      }
    }
  return to;
}

// REQUIRES: 0 <= x0 < x1 <= width, 0 <= y0 < y1 <= height.
inline image::Picture cropped(const image::Picture& from, int x0, int y0, int x1, int y1) {
  image::Picture to = image::Picture::filled(x1 - x0, y1 - y0, 3, 0);
  for (int y = y0; y < y1; ++y)
    std::copy_n(from.row(y).begin() + 3 * x0, 3 * (x1 - x0), to.row(y - y0).begin());
  return to;
}

// Stored as a JPEG of that quality and read again.
inline image::Picture recompressed(const image::Picture& from, int quality) {
  const auto bytes = image::encode(from, image::Format::jpeg, {.quality = quality});
  return bytes ? image::decode(*bytes).value_or(from) : from;
}

}  // namespace selvage::test
