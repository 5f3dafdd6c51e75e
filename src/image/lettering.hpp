// A small typeface of strokes, for labels in pictures: no font file, no library, the same on every
// machine.
//
// It knows a-z, 0-9, X S M L for sizes, and " .,-%±"; other characters leave a gap as wide as a
// letter.
#pragma once

#include <string_view>
#include <vector>

#include "image/canvas.hpp"

namespace selvage::image {

inline constexpr float kLetterWeight = 0.13F;  // breadth of the strokes, in heights of a digit

// The lines of `text` (UTF-8) in pixels, y downwards, beginning at (0, 0) on the baseline; digits
// are `height` tall.
[[nodiscard]] std::vector<std::vector<Spot>> lettering(std::string_view text, float height);

// How far it reaches to the right.
[[nodiscard]] float lettering_width(std::string_view text, float height);

}  // namespace selvage::image
