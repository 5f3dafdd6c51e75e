#include <webp/decode.h>

#include <algorithm>

#include "image/detail/bytes.hpp"
#include "image/detail/exif.hpp"
#include "image/detail/layout.hpp"

namespace selvage::image::detail {
namespace {

constexpr std::size_t kChunkHead = 8;

struct Chunk {
  std::string_view name, data, whole;  // `whole` has the head in front
};

// The chunk at the front of `rest`, which is advanced past it and its padding.
Result<Chunk> next_chunk(std::string_view& rest) {
  const std::size_t length = little32(rest, 4);
  if (rest.size() < kChunkHead || length > rest.size() - kChunkHead) {
    return truncated(Format::webp, "a chunk");
  }
  const Chunk chunk{rest.substr(0, 4), rest.substr(kChunkHead, length),
                    rest.substr(0, kChunkHead + length)};
  rest.remove_prefix(std::min(rest.size(), kChunkHead + length + (length & 1)));
  return chunk;
}

Result<void> read_bitstream_size(std::string_view bitstream, WebpLayout& layout) {
  WebPBitstreamFeatures features;
  const auto* data = reinterpret_cast<const std::uint8_t*>(bitstream.data());
  const VP8StatusCode status = WebPGetFeatures(data, bitstream.size(), &features);
  if (status == VP8_STATUS_NOT_ENOUGH_DATA) return truncated(Format::webp, "its bitstream header");
  if (status != VP8_STATUS_OK) return corrupt(Format::webp, "its bitstream header is damaged");
  layout.frame_width = features.width;
  layout.frame_height = features.height;
  layout.header.alpha = layout.header.alpha || features.has_alpha != 0;
  return {};
}

// The picture inside an ANMF chunk: 16 bytes of placement, then ALPH and VP8, or VP8L.
Result<void> read_animation_frame(std::string_view data, WebpLayout& layout) {
  if (data.size() < 16) return truncated(Format::webp, "its first frame");
  layout.frame_x = static_cast<int>(2 * little24(data, 0));
  layout.frame_y = static_cast<int>(2 * little24(data, 3));
  layout.first_frame = data.substr(16);
  return {};
}

Result<void> read_extended(std::string_view rest, WebpLayout& layout) {
  Header& header = layout.header;
  const char* alpha_start = nullptr;
  header.frames = 0;
  while (rest.size() >= kChunkHead) {
    const Chunk chunk = TRY(next_chunk(rest));
    if (chunk.name == "ICCP" && chunk.data.size() <= kMaxProfileBytes) layout.profile = chunk.data;
    if (chunk.name == "EXIF") header.orientation = exif_orientation(chunk.data);
    if (chunk.name == "ANMF") {
      if (header.frames == 0) TRY(read_animation_frame(chunk.data, layout));
      ++header.frames;
    }
    if (chunk.name == "ALPH" && header.frames == 0) alpha_start = chunk.whole.data();
    if ((chunk.name == "VP8 " || chunk.name == "VP8L") && header.frames == 0) {
      const char* start = alpha_start != nullptr ? alpha_start : chunk.whole.data();
      layout.first_frame = {start, chunk.whole.data() + chunk.whole.size()};
      header.frames = 1;
    }
  }
  if (header.frames == 0) return corrupt(Format::webp, "it holds no picture");
  return {};
}

}  // namespace

Result<WebpLayout> read_webp_layout(std::string_view bytes) {
  const std::size_t declared = little32(bytes, 4);
  if (bytes.size() < 20 || declared > bytes.size() - 8) return truncated(Format::webp, "the end");
  if (declared < 12) return corrupt(Format::webp, "its declared length is too small for a picture");
  bytes = bytes.substr(0, declared + 8);

  WebpLayout layout;
  Header& header = layout.header;
  header.format = Format::webp;
  std::string_view rest = bytes.substr(12);
  const Chunk first = TRY(next_chunk(rest));
  if (first.name == "VP8X") {
    if (first.data.size() < 10) return truncated(Format::webp, "its extended header");
    header.alpha = (byte_at(first.data, 0) & 0x10) != 0;
    header.width = static_cast<int>(little24(first.data, 4) + 1);
    header.height = static_cast<int>(little24(first.data, 7) + 1);
    TRY(read_extended(rest, layout));
    TRY(read_bitstream_size(layout.first_frame, layout));
  } else {
    layout.first_frame = first.whole;
    TRY(read_bitstream_size(layout.first_frame, layout));
    header.width = layout.frame_width;
    header.height = layout.frame_height;
  }
  if (layout.frame_width > header.width - layout.frame_x ||
      layout.frame_height > header.height - layout.frame_y) {
    return corrupt(Format::webp, "its frame does not fit the size its header declares");
  }
  return layout;
}

}  // namespace selvage::image::detail
