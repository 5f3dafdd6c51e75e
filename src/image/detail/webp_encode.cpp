#include <webp/encode.h>

#include <memory>

#include "image/detail/encoders.hpp"

namespace selvage::image::detail {

Result<std::string> encode_webp(const Picture& picture, const EncodeOptions& options) {
  struct Free {
    void operator()(std::uint8_t* bytes) const { WebPFree(bytes); }
  };
  const std::uint8_t* pixels = picture.pixels.data();
  const int width = picture.width, height = picture.height;
  const int stride = width * picture.channels;
  const auto quality = static_cast<float>(options.quality);
  const bool lossless = options.quality == 100;
  std::uint8_t* data = nullptr;
  std::size_t size = 0;
  if (picture.has_alpha()) {
    size = lossless ? WebPEncodeLosslessRGBA(pixels, width, height, stride, &data)
                    : WebPEncodeRGBA(pixels, width, height, stride, quality, &data);
  } else {
    size = lossless ? WebPEncodeLosslessRGB(pixels, width, height, stride, &data)
                    : WebPEncodeRGB(pixels, width, height, stride, quality, &data);
  }
  const std::unique_ptr<std::uint8_t, Free> owner(data);
  if (size == 0) {
    return fail(ErrorKind::unavailable, "image.encode", "libwebp could not write the picture",
                "This happens when memory is short.");
  }
  return std::string(reinterpret_cast<const char*>(data), size);
}

}  // namespace selvage::image::detail
