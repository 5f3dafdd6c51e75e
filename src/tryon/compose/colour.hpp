// A colour as the composition computes with it.
#pragma once

#include <cstdint>

#include "image/picture.hpp"

namespace selvage::tryon {

struct Colour {
  float r = 0, g = 0, b = 0;  // 0..255
  [[nodiscard]] float sum() const { return r + g + b; }
};

// Of the pixel whose first byte `p` points to.
[[nodiscard]] inline Colour colour_at(const std::uint8_t* p) {
  return {static_cast<float>(p[0]), static_cast<float>(p[1]), static_cast<float>(p[2])};
}

// REQUIRES: an RGB picture, and (x, y) inside it.
[[nodiscard]] inline Colour colour_at(const image::Picture& picture, int x, int y) {
  return colour_at(picture.row(y).data() + 3 * x);
}

}  // namespace selvage::tryon
