#include <algorithm>

#include "image/detail/bytes.hpp"
#include "image/detail/exif.hpp"
#include "image/detail/layout.hpp"

namespace selvage::image::detail {
namespace {

constexpr std::size_t kChunkOverhead = 12;  // length, name and checksum

int clipped(std::uint32_t value) {
  return static_cast<int>(std::min<std::uint32_t>(value, 0x7FFFFFFF));
}

}  // namespace

Result<PngLayout> read_png_layout(std::string_view bytes) {
  if (bytes.size() < 8 + kChunkOverhead + 13) return truncated(Format::png, "its header");
  if (big32(bytes, 8) != 13 || bytes.substr(12, 4) != "IHDR") {
    return corrupt(Format::png, "it does not begin with an IHDR chunk");
  }
  PngLayout layout;
  Header& header = layout.header;
  header.format = Format::png;
  header.width = clipped(big32(bytes, 16));
  header.height = clipped(big32(bytes, 20));
  header.bits = static_cast<int>(byte_at(bytes, 24));
  const std::uint32_t colour_type = byte_at(bytes, 25);
  if (colour_type > 6 || colour_type == 1 || colour_type == 5) {
    return corrupt(Format::png, "its colour type does not exist");
  }
  layout.grey = (colour_type & 3) == 0;
  header.alpha = (colour_type & 4) != 0;
  header.progressive = byte_at(bytes, 28) == 1;

  // The chunks behind the header matter only for orientation, transparency and frames; libpng
  // judges the rest. EXIF may stand behind the pixels, so the walk goes to the end.
  std::size_t at = 8;
  while (at + kChunkOverhead <= bytes.size()) {
    const std::size_t length = big32(bytes, at);
    const std::string_view chunk = bytes.substr(at + 4, 4);
    if (length > bytes.size() - at - kChunkOverhead) break;
    if (chunk == "IEND") break;
    if (chunk == "eXIf") header.orientation = exif_orientation(bytes.substr(at + 8, length));
    if (chunk == "tRNS") header.alpha = true;
    if (chunk == "acTL") header.frames = std::max(1, clipped(big32(bytes, at + 8)));
    at += length + kChunkOverhead;
  }
  return layout;
}

}  // namespace selvage::image::detail
