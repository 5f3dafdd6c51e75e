// From the bytes of a JPEG, PNG or WebP file to an upright sRGB picture, ready to be used.
//
// All of a file is judged before any of it is believed: the caps are checked on its headers (see
// probe.hpp), and a file that is cut off or damaged anywhere gives an error, never a picture that
// is half grey. Synchronous and CPU-bound (about 40 ms for 12 megapixels): call it on a sized pool,
// never on an event loop. Safe from any thread; nothing is shared.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/error.hpp"
#include "image/picture.hpp"
#include "image/probe.hpp"

namespace selvage::image {

struct DecodeLimits {
  PixelCaps caps;
  // The picture is shrunk so that its longer side is at most this; 0 keeps its size. Much cheaper
  // than shrinking afterwards: the decoders skip detail that would be thrown away, and no full-size
  // copy exists.
  int max_side = 0;
  // What one decode may hold. Only progressive, interlaced and full-size decodes come near it.
  std::size_t memory = std::size_t{256} << 20;
  // Passes of a progressive JPEG. Cameras and encoders write 4 to 14.
  int scans = 64;
};

// - Orientation is applied, colours are converted to sRGB from the embedded profile (a broken
// profile counts
//   as sRGB), CMYK, grey, palette and 16-bit samples become 8-bit RGB; alpha is kept as RGBA.
// - Of an animation, the first frame.
// Errors: those of probe(), and image.too_much_memory, image.too_many_scans (too_large).
[[nodiscard]] Result<Picture> decode(std::string_view bytes, const DecodeLimits& limits = {});

}  // namespace selvage::image
