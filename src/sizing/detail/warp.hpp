// Cutting a rotated square out of a picture, as the input of a network.
//
// Samples as OpenCV's warpPerspective does with 8-bit pixels, bit for bit where it matters: sample
// (i, j) of the result is taken at corner + i * right + j * down, in pixel indices (no half-pixel
// shift), the place rounded to 1/32 of a pixel, bilinear, and the result rounded to 8 bits. The
// networks were trained behind exactly this; half a pixel of difference moves landmarks by 1 to 3 %
// of the torso. Not antialiased, which the networks expect as well.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "image/picture.hpp"
#include "sizing/pose.hpp"

namespace selvage::sizing::detail {

// What lies outside the picture: black, or the nearest pixel of its edge.
enum class Border { black, nearest };

// What each 8-bit sample becomes in the network's input.
using Levels = std::array<float, 256>;
[[nodiscard]] Levels levels(float scale, float offset);

// Fills `out`, size x size RGB samples row after row.
// REQUIRES: an RGB picture; out.size() == size * size * 3; roi.side > 0 and all of roi finite.
void warp(const image::Picture& picture, const Roi& roi, int size, Border border,
          const Levels& levels, std::span<float> out);

}  // namespace selvage::sizing::detail
