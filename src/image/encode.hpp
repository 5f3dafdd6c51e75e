// From a picture to the bytes of a JPEG, PNG or WebP file. Metadata is never written: what leaves
// here says nothing about the camera, the place or the person but the pixels.
//
// Synchronous and CPU-bound (a 1024 x 768 JPEG takes about 4 ms, a PNG or WebP 30 to 80 ms): call
// it on a sized pool. Safe from any thread.
#pragma once

#include <string>

#include "base/error.hpp"
#include "image/format.hpp"
#include "image/picture.hpp"

namespace selvage::image {

struct EncodeOptions {
  // 1 to 100, clipped. JPEG: below 90 the colour is stored at half resolution (4:2:0), as everybody
  // does. WebP: 100 is lossless. PNG is always lossless and ignores it.
  int quality = 88;
  // JPEG: builds Huffman tables for this very picture; 3 to 8 % smaller for about half as much time
  // again.
  bool optimise = false;
  // PNG: zlib's level, 1 (fast) to 9 (small).
  int compression = 6;
};

// REQUIRES: a non-empty picture. JPEG cannot be transparent: RGBA is shown on white.
// Errors: image.too_many_pixels (too_large) when the format cannot hold the size: WebP 16,383
// pixels on a side, JPEG 65,500.
[[nodiscard]] Result<std::string> encode(const Picture& picture, Format format,
                                         const EncodeOptions& options = {});

}  // namespace selvage::image
