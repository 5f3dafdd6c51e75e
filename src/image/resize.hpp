// Making pictures smaller with a Lanczos-3 filter, the sharpest common one that shows no visible
// ringing.
//
// Works on the encoded (gamma) samples, as viewers and other servers do. Flat areas stay exactly
// flat. Transparent pixels do not bleed their colour. Pure functions, safe from any thread.
#pragma once

#include "image/picture.hpp"

namespace selvage::image {

struct Size {
  int width = 0;
  int height = 0;
  bool operator==(const Size&) const = default;
};

// The size with the same proportions whose longer side is `longest`, at least 1 x 1. A size that
// fits already, and any size when `longest` is 0, is returned as it is: nothing is ever enlarged.
[[nodiscard]] Size shrunk_size(Size size, int longest);

// REQUIRES: a non-empty picture, both target sides at least 1. Enlarges, too, when asked to.
[[nodiscard]] Picture resize(const Picture& picture, Size target);

// resize() to shrunk_size(). Moves when there is nothing to do.
[[nodiscard]] Picture shrink(Picture picture, int longest);

}  // namespace selvage::image
