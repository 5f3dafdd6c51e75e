#include "image/decode.hpp"

#include <fmt/format.h>

#include <new>
#include <utility>

#include "image/detail/colour.hpp"
#include "image/detail/decoders.hpp"
#include "image/orientation.hpp"

namespace selvage::image {
namespace detail {

Result<void> check_memory(double bytes, const Header& header, const DecodeLimits& limits) {
  if (bytes <= static_cast<double>(limits.memory)) return {};
  constexpr double kMebi = 1 << 20;
  return fail(
      ErrorKind::too_large, "image.too_much_memory",
      fmt::format("Decoding this {} of {} x {} pixels needs {:.0f} MiB; at most {:.0f} are given",
                  name(header.format), header.width, header.height, bytes / kMebi,
                  static_cast<double>(limits.memory) / kMebi),
      "Send a smaller picture, or a JPEG that is not progressive.");
}

namespace {

Result<Decoded> decode_stored(std::string_view bytes, Format format, const DecodeLimits& limits) {
  switch (format) {
    case Format::jpeg:
      return decode_jpeg(bytes, TRY(read_jpeg_layout(bytes)), limits);
    case Format::png:
      return decode_png(bytes, TRY(read_png_layout(bytes)), limits);
    case Format::webp:
      return decode_webp(TRY(read_webp_layout(bytes)), limits);
  }
  std::unreachable();
}

}  // namespace
}  // namespace detail

Result<Picture> decode(std::string_view bytes, const DecodeLimits& limits) {
  const Header header = TRY(probe(bytes, limits.caps));
  try {
    detail::Decoded decoded = TRY(detail::decode_stored(bytes, header.format, limits));
    return make_upright(detail::to_srgb(std::move(decoded)), header.orientation);
  } catch (const std::bad_alloc&) {
    return fail(ErrorKind::unavailable, "image.out_of_memory",
                fmt::format("No memory to decode a {} of {} x {} pixels", name(header.format),
                            header.width, header.height),
                "Lower the number of pictures decoded at once, or give the process more memory.");
  }
}

}  // namespace selvage::image
