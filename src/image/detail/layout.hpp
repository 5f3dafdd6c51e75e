// The container structure of each format: what stands in the headers and where the pieces lie.
// Parsed from the bytes alone, never by a codec library, so that limits are checked before any
// library sees the file.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "image/probe.hpp"

namespace selvage::image::detail {

// Larger colour profiles are ignored as if absent; real ones stay below 3 MiB.
inline constexpr std::size_t kMaxProfileBytes = std::size_t{4} << 20;

struct JpegLayout {
  Header header;
  int components = 3;            // 1 grey, 3 colour, 4 CMYK or YCCK
  bool adobe = false;            // an Adobe marker: CMYK samples are stored inverted
  double samples_per_pixel = 3;  // from the sampling factors; 1.5 for 4:2:0
  std::string profile;           // ICC, reassembled; empty when absent or incomplete
};
Result<JpegLayout> read_jpeg_layout(std::string_view bytes);

struct PngLayout {
  Header header;
  bool grey = false;  // with or without alpha
};
Result<PngLayout> read_png_layout(std::string_view bytes);

struct WebpLayout {
  Header header;  // the canvas
  std::string_view
      first_frame;  // the VP8 or VP8L chunk, ALPH in front if present; all of a simple file
  int frame_x = 0, frame_y = 0;  // where it lies on the canvas
  int frame_width = 0, frame_height = 0;
  std::string_view profile;
};
Result<WebpLayout> read_webp_layout(std::string_view bytes);

std::unexpected<Error> truncated(Format format, std::string_view where);
std::unexpected<Error> corrupt(Format format, std::string_view what);

}  // namespace selvage::image::detail
