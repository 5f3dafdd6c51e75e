// EXIF orientation: how a stored picture has to be turned to stand upright.
#pragma once

#include "image/picture.hpp"

namespace selvage::image {

// Turns and mirrors `picture` by EXIF value 1..8 (1 and values out of range change nothing); 5 to 8
// swap width and height.
[[nodiscard]] Picture make_upright(Picture picture, int orientation);

}  // namespace selvage::image
