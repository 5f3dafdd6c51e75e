#pragma once

#include "image/detail/decoders.hpp"

namespace selvage::image::detail {

// The picture in sRGB, with three or four channels. A profile that is broken, or describes another
// kind of colour than the picture has, counts as absent; sRGB profiles are recognised and cost
// nothing.
Picture to_srgb(Decoded decoded);

}  // namespace selvage::image::detail
