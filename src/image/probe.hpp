// What a picture file says about itself, read from its headers without decoding a pixel.
//
// This is the gate in front of every decoder: a file whose declared size exceeds a cap is refused
// here, in microseconds and with a few hundred bytes of memory, however small or large the file is.
// Pure functions, safe from any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.hpp"
#include "image/format.hpp"

namespace selvage::image {

struct PixelCaps {
  std::int64_t area = 50'000'000;  // width * height; a 48-megapixel phone photo passes
  int side = 16'384;               // the longer side
  int frames = 500;                // of an animation; only the first is ever decoded
};

struct Header {
  Format format = Format::jpeg;
  int width = 0;  // as stored, before orientation
  int height = 0;
  int orientation = 1;       // EXIF, 1..8; 1 when absent or nonsense
  int frames = 1;            // more for animated WebP and PNG
  bool progressive = false;  // progressive JPEG or interlaced PNG: decoding holds the whole picture
  bool alpha = false;        // may hold transparency
  int bits = 8;              // per sample, as stored

  // Orientations 5 to 8 lie on their side.
  [[nodiscard]] int upright_width() const { return orientation >= 5 ? height : width; }
  [[nodiscard]] int upright_height() const { return orientation >= 5 ? width : height; }
};

// Errors: image.unsupported_format (unsupported), image.too_many_pixels, image.too_many_frames
// (too_large), image.truncated, image.corrupt (invalid).
[[nodiscard]] Result<Header> probe(std::string_view bytes, const PixelCaps& caps = {});

}  // namespace selvage::image
