// A colour as the composition computes with it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

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

// How different two colours are as paints, with little regard to light: 0 to about 100.
[[nodiscard]] inline float unlike(const Colour& a, const Colour& b) {
  const float sa = a.sum() + 24, sb = b.sum() + 24;
  const float dr = (a.r + 8) / sa - (b.r + 8) / sb, dg = (a.g + 8) / sa - (b.g + 8) / sb;
  const float brightness = (a.sum() - b.sum()) / 765;
  return 100 * std::sqrt(4 * (dr * dr + dg * dg) + 0.25F * brightness * brightness);
}

// What is usual among some cells, for each primary; on the bright side of the middle, for shadows
// on skin are deep and lights are not.
class Usual {
 public:
  void add(const Colour& colour) {
    r_.push_back(colour.r);
    g_.push_back(colour.g);
    b_.push_back(colour.b);
  }
  std::optional<Colour> colour() {
    if (r_.size() < 8) return std::nullopt;
    return Colour{pick(r_), pick(g_), pick(b_)};
  }

 private:
  static float pick(std::vector<float>& values) {
    const auto place = values.begin() + static_cast<std::ptrdiff_t>(values.size() * 6 / 10);
    std::nth_element(values.begin(), place, values.end());
    return *place;
  }
  std::vector<float> r_, g_, b_;
};

}  // namespace selvage::tryon
