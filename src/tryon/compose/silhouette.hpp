// Which part of a picture is the person: a mask, found from colour alone.
//
// The background is what the left and right margins of the same rows show, and whatever is
// connected to the margins and looks like it, shadows included. The person is the largest thing
// that remains near the middle. That is enough for the pictures people take for a fitting (one
// person, standing, a calm background) and is refused for others. It is the way out when no body is
// known (see ../body.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "image/picture.hpp"

namespace selvage::tryon {

// One byte a cell, 255 inside and 0 outside. A cell covers `scale` x `scale` pixels of the picture.
struct Mask {
  int width = 0;
  int height = 0;
  int scale = 1;
  std::vector<std::uint8_t> cells;

  [[nodiscard]] bool at(int x, int y) const {
    return x >= 0 && y >= 0 && x < width && y < height &&
           cells[static_cast<std::size_t>(y) * width + x] != 0;
  }
};

// The picture averaged over scale x scale cells, RGB; cells cut off by the edge are averaged over
// what is there.
[[nodiscard]] image::Picture averaged(const image::Picture& picture, int scale);

// How many pixels a cell covers so that the longer side has at most 240 cells.
[[nodiscard]] int cell_scale(const image::Picture& picture);

// The person in `cells` (see averaged()); empty when nothing stands out.
[[nodiscard]] std::optional<Mask> find_silhouette(const image::Picture& cells, int scale);

}  // namespace selvage::tryon
