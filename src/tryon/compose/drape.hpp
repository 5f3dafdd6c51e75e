// Cloth as a net: each knot knows its place in the garment's picture and on the person.
#pragma once

#include <vector>

#include "image/picture.hpp"
#include "tryon/compose/point.hpp"

namespace selvage::tryon {

struct Net {
  struct Knot {
    Point from, to;
    float light = 1;  // 1 leaves the cloth as bright as it is
  };
  int columns = 0, rows = 0;
  std::vector<Knot> knots;  // row after row; columns * rows

  [[nodiscard]] const Knot& at(int column, int row) const {
    return knots[static_cast<std::size_t>(row) * static_cast<std::size_t>(columns) +
                 static_cast<std::size_t>(column)];
  }
};

// A part of the picture with cloth in it: colours multiplied by alpha, 0..255 and 0..1.
struct Layer {
  struct Pixel {
    float r = 0, g = 0, b = 0, alpha = 0;
  };
  int left = 0, top = 0, width = 0, height = 0;
  std::vector<Pixel> pixels;

  [[nodiscard]] Pixel* row(int y) {  // of the layer
    return pixels.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(width);
  }
  [[nodiscard]] const Pixel* row(int y) const {
    return pixels.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(width);
  }
};

// The nets drawn from `garment` (RGBA), antialiased by four samples a pixel; where nets overlap,
// the first counts. Only what lies in a picture of width x height. At most 16 bytes a pixel of that
// and 4 more while it works.
[[nodiscard]] Layer drape(const image::Picture& garment, const std::vector<Net>& nets, int width,
                          int height);

}  // namespace selvage::tryon
