// Opening the neck of a garment that was photographed empty: between the collar's back, seen from
// inside, and its front there is a line, and what lies above it would be behind the neck.
#pragma once

#include "image/picture.hpp"
#include "tryon/compose/pattern.hpp"

namespace selvage::tryon {

// Makes the inside of the collar's back clear in `garment` (RGBA), where such a line is found.
void open_neck(image::Picture& garment, const Pattern& pattern);

}  // namespace selvage::tryon
