// The light and the folds on what a person wears, without its colours.
#pragma once

#include <vector>

#include "image/picture.hpp"
#include "tryon/compose/silhouette.hpp"

namespace selvage::tryon {

// How much lighter or darker than its cloth each cell is: 1 for even light, 0.6 in a deep fold.
struct Light {
  int width = 0, height = 0, scale = 1;
  std::vector<float> cells;
  // Smoothly between cells, at a pixel of the picture.
  [[nodiscard]] float at(float x, float y) const;
};

// Colours that belong together (a stripe, bare skin) are found first and each is compared with its
// own usual brightness, so that a striped shirt does not shine through the new one. Only the
// picture's rows [from, to) count. `radius`: how many cells around each are averaged.
[[nodiscard]] Light light_on(const image::Picture& cells, const Mask& silhouette, float from,
                             float to, int radius = 1);

}  // namespace selvage::tryon
