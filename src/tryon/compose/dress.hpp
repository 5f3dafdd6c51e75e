// Laying a cut-out garment onto a body whose place is known.
#pragma once

#include "image/picture.hpp"
#include "tryon/compose/cutout.hpp"
#include "tryon/compose/torso.hpp"

namespace selvage::tryon {

// Changes `person` (RGB) in place. `cells` is the person before any dressing, averaged as for
// find_torso: light and folds are taken from there.
void dress(image::Picture& person, const image::Picture& cells, const TorsoPlacement& placement,
           const Cutout& garment);

}  // namespace selvage::tryon
