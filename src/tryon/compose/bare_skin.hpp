// What the old clothes covered and the new ones leave bare.
#pragma once

#include <array>

#include "image/picture.hpp"
#include "tryon/compose/light.hpp"
#include "tryon/compose/torso.hpp"

namespace selvage::tryon {

// Paints old cloth on the arms below `sleeve_end` (way along each arm, in pixels; see Limb), and
// around the neck above the row `neckline`, in the colour of the person's face. Skin, hair and
// hands stay as they are; when no skin colour can be told from the cloth, nothing is painted.
// `cells` as in dress().
void bare_skin(image::Picture& person, const image::Picture& cells, const TorsoPlacement& placement,
               const Light& light, const std::array<float, 2>& sleeve_end, float neckline);

}  // namespace selvage::tryon
