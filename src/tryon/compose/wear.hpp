// The composition for a person whose pose is known: each garment's parts follow the body's.
#pragma once

#include <optional>
#include <span>

#include "base/error.hpp"
#include "image/picture.hpp"
#include "tryon/body.hpp"

namespace selvage::tryon {

// `person` (RGB) wearing the garments, the first one innermost. Nothing when the body's torso
// cannot be dressed (seen from the side, hidden shoulders): then the silhouette may still do.
// Errors: compose.no_garment (unprocessable).
[[nodiscard]] Result<std::optional<image::Picture>> wear(const image::Picture& person,
                                                         std::span<const image::Picture> garments,
                                                         const Body& body);

}  // namespace selvage::tryon
