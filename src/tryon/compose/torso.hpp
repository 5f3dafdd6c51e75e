// Where the person's torso and arms are: the seam between finding a body and dressing it.
//
// Today the answer comes from the silhouette; a pose estimate can give the same answer better.
#pragma once

#include "base/error.hpp"
#include "tryon/compose/outline.hpp"
#include "tryon/compose/silhouette.hpp"

namespace selvage::tryon {

struct TorsoPlacement {
  Outline body;              // in pixels of the person's picture
  Mask silhouette;           // in cells
  float head_top = 0;        // row
  float shoulder_width = 0;  // over the upper arms
};

// Errors: compose.no_person (unprocessable) when nothing of a person's proportions stands in the
// picture.
[[nodiscard]] Result<TorsoPlacement> find_torso(const image::Picture& cells, int scale);

}  // namespace selvage::tryon
