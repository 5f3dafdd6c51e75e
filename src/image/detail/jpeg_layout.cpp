#include <algorithm>
#include <array>
#include <utility>

#include "image/detail/bytes.hpp"
#include "image/detail/exif.hpp"
#include "image/detail/layout.hpp"

namespace selvage::image::detail {
namespace {

constexpr std::string_view kIccTag("ICC_PROFILE\0", 12);

// A profile may be spread over up to 255 APP2 segments, numbered from 1 and in any order.
class ProfileParts {
 public:
  void add(std::string_view segment) {
    const std::uint32_t number = byte_at(segment, 12), total = byte_at(segment, 13);
    if (number == 0 || number > total || (total_ != 0 && total != total_)) {
      broken_ = true;
      return;
    }
    total_ = total;
    parts_[number - 1] = segment.substr(14);
  }
  [[nodiscard]] std::string joined() const {
    std::string profile;
    if (broken_) return profile;
    for (std::uint32_t i = 0; i < total_; ++i) {
      if (parts_[i].empty() || profile.size() + parts_[i].size() > kMaxProfileBytes) return {};
      profile += parts_[i];
    }
    return profile;
  }

 private:
  std::array<std::string_view, 255> parts_{};
  std::uint32_t total_ = 0;
  bool broken_ = false;
};

bool is_frame_header(std::uint32_t marker) {  // SOF0..SOF15 without DHT, JPG and DAC
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

Result<void> read_frame_header(std::string_view segment, std::uint32_t marker, JpegLayout& layout) {
  if (segment.size() < 6) return truncated(Format::jpeg, "its frame header");
  Header& header = layout.header;
  header.bits = static_cast<int>(byte_at(segment, 0));
  header.height = static_cast<int>(big16(segment, 1));
  header.width = static_cast<int>(big16(segment, 3));
  layout.components = static_cast<int>(byte_at(segment, 5));
  header.progressive = (marker & 3) == 2;
  if (marker == 0xC3 || marker >= 0xC5) {
    if (marker != 0xC9 && marker != 0xCA) {
      return fail(ErrorKind::unsupported, "image.unsupported_format",
                  "The JPEG uses lossless or hierarchical coding",
                  "Save it as an ordinary JPEG or PNG.");
    }
  }
  const int n = layout.components;
  if ((n != 1 && n != 3 && n != 4) || segment.size() < 6 + 3 * static_cast<std::size_t>(n)) {
    return corrupt(Format::jpeg, "its frame header declares an impossible number of components");
  }
  std::uint32_t widest = 1, tallest = 1, samples = 0;
  for (int i = 0; i < n; ++i) {
    const std::uint32_t factors = byte_at(segment, 7 + 3 * static_cast<std::size_t>(i));
    widest = std::max(widest, factors >> 4);
    tallest = std::max(tallest, factors & 15);
    samples += (factors >> 4) * (factors & 15);
  }
  layout.samples_per_pixel = static_cast<double>(samples) / (widest * tallest);
  return {};
}

}  // namespace

Result<JpegLayout> read_jpeg_layout(std::string_view bytes) {
  JpegLayout layout;
  layout.header.format = Format::jpeg;
  ProfileParts profile;
  bool framed = false, oriented = false;
  std::size_t at = 2;
  while (true) {
    // Any number of fill bytes may stand in front of a marker; stray bytes between segments are
    // skipped, as every decoder does.
    while (at < bytes.size() && byte_at(bytes, at) != 0xFF) ++at;
    while (at < bytes.size() && byte_at(bytes, at) == 0xFF) ++at;
    if (at >= bytes.size()) return truncated(Format::jpeg, "its headers");
    const std::uint32_t marker = byte_at(bytes, at++);
    if (marker == 0x00 || marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8)) continue;
    if (marker == 0xD9) return corrupt(Format::jpeg, "it ends before any picture data");
    const std::size_t length = big16(bytes, at);
    if (at + 2 > bytes.size() || at + length > bytes.size()) {
      return truncated(Format::jpeg, "its headers");
    }
    if (length < 2) return corrupt(Format::jpeg, "a segment has an impossible length");
    const std::string_view segment = bytes.substr(at + 2, length - 2);
    at += length;

    if (marker == 0xDA) break;  // pixels follow
    if (is_frame_header(marker)) {
      if (framed) return corrupt(Format::jpeg, "it has two frame headers");
      TRY(read_frame_header(segment, marker, layout));
      framed = true;
    } else if (marker == 0xE1 && !oriented && segment.starts_with("Exif")) {
      layout.header.orientation = exif_orientation(segment);
      oriented = true;
    } else if (marker == 0xE2 && segment.starts_with(kIccTag) && segment.size() > 14) {
      profile.add(segment);
    } else if (marker == 0xEE && segment.starts_with("Adobe")) {
      layout.adobe = true;
    }
  }
  if (!framed) return corrupt(Format::jpeg, "it has no frame header");
  layout.profile = profile.joined();
  return layout;
}

}  // namespace selvage::image::detail
