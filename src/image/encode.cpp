#include "image/encode.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "image/detail/encoders.hpp"

namespace selvage::image {
namespace {

int longest_side(Format format) {
  switch (format) {
    case Format::jpeg:
      return 65'500;
    case Format::png:
      return 1'000'000;
    case Format::webp:
      return 16'383;
  }
  std::unreachable();
}

}  // namespace

Result<std::string> encode(const Picture& picture, Format format, const EncodeOptions& options) {
  SELVAGE_CHECK(!picture.empty());
  if (std::max(picture.width, picture.height) > longest_side(format)) {
    return fail(
        ErrorKind::too_large, "image.too_many_pixels",
        fmt::format("A {} cannot hold {} x {} pixels", name(format), picture.width, picture.height),
        "Shrink the picture first.");
  }
  EncodeOptions clipped = options;
  clipped.quality = std::clamp(options.quality, 1, 100);
  clipped.compression = std::clamp(options.compression, 1, 9);
  switch (format) {
    case Format::jpeg:
      return picture.has_alpha() ? detail::encode_jpeg(flatten_on_white(picture), clipped)
                                 : detail::encode_jpeg(picture, clipped);
    case Format::png:
      return detail::encode_png(picture, clipped);
    case Format::webp:
      return detail::encode_webp(picture, clipped);
  }
  std::unreachable();
}

}  // namespace selvage::image
