// A garment without its background.
#pragma once

#include "base/error.hpp"
#include "image/picture.hpp"
#include "tryon/compose/outline.hpp"
#include "tryon/compose/silhouette.hpp"

namespace selvage::tryon {

struct Cutout {
  image::Picture picture;  // RGBA
  Mask mask;               // where it is, in its pixels
};

// Cuts the garment out by its alpha channel or, when it has none, by removing the even colour
// around it. The result is shrunk so that its longer side is at most `longest`. Errors:
// compose.no_garment (unprocessable).
[[nodiscard]] Result<Cutout> cut_out(const image::Picture& garment, int longest);

// The shape of a top in the terms that find_torso() has for bodies.
[[nodiscard]] Outline outline_of(const Cutout& garment);

}  // namespace selvage::tryon
