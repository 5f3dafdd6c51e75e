// One decoder for each format: pixels as stored (neither turned nor colour-converted), already
// shrunk.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "image/decode.hpp"
#include "image/detail/layout.hpp"
#include "image/detail/resampler.hpp"

namespace selvage::image::detail {

enum class Space { grey, rgb, cmyk, cmyk_inverted };

struct Decoded {
  Raster raster;             // grey is stored as RGB with three equal samples
  Space space = Space::rgb;  // what `profile` has to describe
  std::string profile;       // ICC; may be empty or broken
};

// REQUIRES: the layout passed probe()'s caps.
Result<Decoded> decode_jpeg(std::string_view bytes, const JpegLayout& layout,
                            const DecodeLimits& limits);
Result<Decoded> decode_png(std::string_view bytes, const PngLayout& layout,
                           const DecodeLimits& limits);
Result<Decoded> decode_webp(const WebpLayout& layout, const DecodeLimits& limits);

// An error when holding `bytes` at once would exceed the limit.
Result<void> check_memory(double bytes, const Header& header, const DecodeLimits& limits);

}  // namespace selvage::image::detail
