// Where the person's torso and arms are, by silhouette; figure.hpp answers better when the body's
// points are known.
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
