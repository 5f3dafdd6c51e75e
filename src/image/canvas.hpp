// Drawing over a picture: smooth lines, dots, boxes and short labels, for pictures that explain
// others.
//
// Every shape is drawn by its exact distance to each pixel, so edges are anti-aliased and a line
// that crosses itself is not darker there. Coordinates are pixels, (0, 0) the top left corner of
// the picture, y downwards; what lies outside is left out. One thread.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <string_view>

#include "image/picture.hpp"

namespace selvage::image {

struct Spot {
  float x = 0, y = 0;
};

struct Colour {
  std::uint8_t red = 0, green = 0, blue = 0;
  float opacity = 1;  // 0..1

  [[nodiscard]] Colour faded(float to) const { return {red, green, blue, opacity * to}; }
};

class Canvas {
 public:
  // Borrows the picture. REQUIRES: an RGB picture.
  explicit Canvas(Picture& picture) : picture_(picture) {}

  // A line through `spots`, with round ends and joints. One spot gives a dot.
  void stroke(std::span<const Spot> spots, float width, Colour colour);
  void line(Spot from, Spot to, float width, Colour colour) {
    const Spot spots[] = {from, to};
    stroke(spots, width, colour);
  }
  void dot(Spot centre, float radius, Colour colour) { stroke({&centre, 1}, radius * 2, colour); }
  void ring(Spot centre, float radius, float width, Colour colour);
  // A filled box with round corners.
  void box(Spot top_left, float width, float height, float radius, Colour colour);
  // `text` in letters whose digits are `height` pixels tall, standing on `baseline`; see
  // lettering.hpp for what can be written.
  void write(Spot baseline, float height, std::string_view text, Colour colour);

  // Mixes `colour` into every pixel by coverage(x, y), 0..1, of its centre.
  template <class Coverage>
  void shade(Colour colour, const Coverage& coverage) {
    shade(0, 0, picture_.width, picture_.height, colour, coverage);
  }

 private:
  template <class Coverage>
  void shade(int left, int top, int right, int bottom, Colour colour, const Coverage& coverage) {
    for (int y = std::max(top, 0); y < std::min(bottom, picture_.height); ++y) {
      std::uint8_t* row = picture_.row(y).data();
      for (int x = std::max(left, 0); x < std::min(right, picture_.width); ++x) {
        const float share = coverage(static_cast<float>(x) + 0.5F, static_cast<float>(y) + 0.5F);
        if (share <= 0) continue;
        mix(row + std::ptrdiff_t{3} * x, colour, std::min(share, 1.0F) * colour.opacity);
      }
    }
  }
  static void mix(std::uint8_t* pixel, Colour colour, float share) {
    const std::uint8_t to[] = {colour.red, colour.green, colour.blue};
    for (int c = 0; c < 3; ++c) {
      const float from = pixel[c];
      pixel[c] =
          static_cast<std::uint8_t>(std::lround(from + (static_cast<float>(to[c]) - from) * share));
    }
  }

  Picture& picture_;
};

}  // namespace selvage::image
