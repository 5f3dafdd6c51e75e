// Taking away what a garment was photographed on.
#pragma once

#include <optional>

#include "image/picture.hpp"

namespace selvage::tryon {

// RGBA: what is connected to the border and looks like it is clear, soft shadows included. Between
// clearly background and clearly garment, alpha rises gradually, which keeps edges soft. Nothing
// when the border is no even background. REQUIRES: a non-empty RGB picture.
[[nodiscard]] std::optional<image::Picture> without_background(const image::Picture& rgb);

}  // namespace selvage::tryon
