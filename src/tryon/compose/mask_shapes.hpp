// Small morphology on masks: growing, shrinking, flooding, and finding connected parts.
#pragma once

#include <span>
#include <vector>

#include "tryon/compose/silhouette.hpp"

namespace selvage::tryon {

// Every cell within `radius` cells (square neighbourhood) of the mask, or of its outside.
[[nodiscard]] Mask grown(const Mask& mask, int radius);
[[nodiscard]] Mask shrunk(const Mask& mask, int radius);

struct Part {
  std::vector<int> cells;                        // indices into Mask::cells
  int left = 0, top = 0, right = 0, bottom = 0;  // inclusive
};
// The 4-connected parts of the mask, largest first.
[[nodiscard]] std::vector<Part> connected_parts(const Mask& mask);

// The cells for which `passable` is set and that are connected to a seed through such cells.
[[nodiscard]] Mask flooded(const Mask& passable, std::span<const int> seeds);

}  // namespace selvage::tryon
