#include <webp/decode.h>

#include <cstring>

#include "image/detail/decoders.hpp"

namespace selvage::image::detail {
namespace {

// Decodes the first frame into `raster`, scaled by libwebp to the raster's size when that differs.
Result<void> decode_frame(const WebpLayout& layout, Raster& raster) {
  WebPDecoderConfig config;
  if (WebPInitDecoderConfig(&config) == 0) {
    return fail(ErrorKind::internal, "image.library",
                "libwebp has another version than at build time");
  }
  config.options.use_scaling =
      raster.width != layout.frame_width || raster.height != layout.frame_height ? 1 : 0;
  config.options.scaled_width = raster.width;
  config.options.scaled_height = raster.height;
  config.output.colorspace = raster.channels == 4 ? MODE_RGBA : MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = raster.samples.data();
  config.output.u.RGBA.stride = raster.width * raster.channels;
  config.output.u.RGBA.size = raster.samples.size();
  const auto* data = reinterpret_cast<const std::uint8_t*>(layout.first_frame.data());
  const VP8StatusCode status = WebPDecode(data, layout.first_frame.size(), &config);
  WebPFreeDecBuffer(&config.output);
  switch (status) {
    case VP8_STATUS_OK:
      return {};
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED:
      return truncated(Format::webp, "its picture data");
    case VP8_STATUS_OUT_OF_MEMORY:
      return fail(ErrorKind::unavailable, "image.out_of_memory", "No memory to decode the WebP");
    default:
      return corrupt(Format::webp, "its picture data cannot be decoded");
  }
}

Raster blank(Size size, int channels) {
  Raster raster{size.width, size.height, channels, {}};
  raster.samples.resize(static_cast<std::size_t>(size.width) * size.height * channels);
  return raster;
}

// An animation's first frame may cover a part of its canvas; the rest is transparent.
Raster on_canvas(const Raster& frame, const WebpLayout& layout) {
  Raster canvas = blank({layout.header.width, layout.header.height}, 4);
  const std::size_t from_stride = static_cast<std::size_t>(frame.width) * 4;
  const std::size_t to_stride = static_cast<std::size_t>(canvas.width) * 4;
  for (int y = 0; y < frame.height; ++y) {
    std::memcpy(canvas.samples.data() + to_stride * (layout.frame_y + y) +
                    4 * static_cast<std::size_t>(layout.frame_x),
                frame.samples.data() + from_stride * y, from_stride);
  }
  return canvas;
}

Raster resampled(const Raster& raster, Size target) {
  const std::size_t stride = static_cast<std::size_t>(raster.width) * raster.channels;
  Resampler resampler({raster.width, raster.height}, target, raster.channels, raster.channels == 4);
  for (int y = 0; y < raster.height; ++y) {
    std::memcpy(resampler.next_row(), raster.samples.data() + stride * y, stride);
    resampler.row_done();
  }
  return resampler.finish();
}

}  // namespace

Result<Decoded> decode_webp(const WebpLayout& layout, const DecodeLimits& limits) {
  const Size canvas{layout.header.width, layout.header.height};
  const Size frame{layout.frame_width, layout.frame_height};
  const Size target = shrunk_size(canvas, limits.max_side);
  const bool covers = frame == canvas;
  // libwebp's own scaler averages; it may do the coarse part, the last factor of two is left to
  // Lanczos.
  const bool coarse =
      covers && target.width * 2 <= frame.width && target.height * 2 <= frame.height;
  const Size decoded = coarse ? Size{target.width * 2, target.height * 2} : frame;
  const int channels = layout.header.alpha || !covers ? 4 : 3;
  const double area = static_cast<double>(canvas.width) * canvas.height;
  // The bitstream: one plane and a half for lossy, a word a pixel for lossless; then the output.
  TRY(check_memory((coarse ? 4 : 4 + channels) * area, layout.header, limits));

  Raster raster = blank(decoded, channels);
  TRY(decode_frame(layout, raster));
  if (!covers) raster = on_canvas(raster, layout);
  if (Size{raster.width, raster.height} != target) raster = resampled(raster, target);
  return Decoded{std::move(raster), Space::rgb, std::string(layout.profile)};
}

}  // namespace selvage::image::detail
