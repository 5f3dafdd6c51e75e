#include "image/probe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "image/detail/layout.hpp"

namespace selvage::image {
namespace detail {

std::unexpected<Error> truncated(Format format, std::string_view where) {
  return fail(ErrorKind::invalid, "image.truncated",
              fmt::format("The {} is cut off in {}", name(format), where),
              "Send the whole file; the upload or download may have been interrupted.");
}

std::unexpected<Error> corrupt(Format format, std::string_view what) {
  return fail(ErrorKind::invalid, "image.corrupt",
              fmt::format("The {} is damaged: {}", name(format), what),
              "Open the picture in an editor and save it again.");
}

}  // namespace detail

namespace {

Result<Header> read_header(std::string_view bytes) {
  const std::optional<Format> format = sniff(bytes);
  if (!format) {
    return fail(
        ErrorKind::unsupported, "image.unsupported_format",
        fmt::format("The file is {}, not a JPEG, PNG or WebP picture", describe_unsupported(bytes)),
        "Convert it to JPEG, PNG or WebP.");
  }
  switch (*format) {
    case Format::jpeg:
      return TRY(detail::read_jpeg_layout(bytes)).header;
    case Format::png:
      return TRY(detail::read_png_layout(bytes)).header;
    case Format::webp:
      return TRY(detail::read_webp_layout(bytes)).header;
  }
  std::unreachable();
}

}  // namespace

Result<Header> probe(std::string_view bytes, const PixelCaps& caps) {
  Header header = TRY(read_header(bytes));
  if (header.width < 1 || header.height < 1) {
    return detail::corrupt(header.format, "it declares no width or no height");
  }
  const std::int64_t area = std::int64_t{header.width} * header.height;
  if (std::max(header.width, header.height) > caps.side || area > caps.area) {
    return fail(
        ErrorKind::too_large, "image.too_many_pixels",
        fmt::format("The {} declares {} x {} pixels; at most {} pixels and {} on a side are taken",
                    name(header.format), header.width, header.height, caps.area, caps.side),
        "Send a smaller picture; more than 1024 pixels on the longer side bring nothing.");
  }
  if (header.frames > caps.frames) {
    return fail(ErrorKind::too_large, "image.too_many_frames",
                fmt::format("The {} is an animation of {} frames; at most {} are taken",
                            name(header.format), header.frames, caps.frames),
                "Send a still picture.");
  }
  return header;
}

}  // namespace selvage::image
