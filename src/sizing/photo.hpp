// From the bytes of a photo to the picture that the pose is looked for in.
#pragma once

#include <string_view>

#include "base/error.hpp"
#include "image/decode.hpp"
#include "image/picture.hpp"

namespace selvage::sizing {

// Above this area photos are decoded at a half, a quarter or an eighth of their size, which saves
// memory and half of the time; the networks look at 256 x 256 pixels in the end.
inline constexpr double kLargestPhotoArea = 2'000'000;

// Upright RGB. Transparency is ignored, as MediaPipe does: the stored colours count. Synchronous
// and CPU-bound (2 to 30 ms); any thread. Errors: those of image::decode().
[[nodiscard]] Result<image::Picture> decode_photo(std::string_view bytes,
                                                  image::DecodeLimits limits = {});

}  // namespace selvage::sizing
