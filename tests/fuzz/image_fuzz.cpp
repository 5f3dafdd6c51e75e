// Feeds mutated picture files to the decoders. Started with an empty folder as its corpus, it first
// writes seeds there: one small file of each kind.
//
//   mkdir corpus && image_fuzz corpus -max_len=20000
//
// The first byte of an input chooses the target size; the rest is the file. Checksums of PNG chunks
// are repaired, or hardly a mutation would get past them.
#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/error.hpp"
#include "image/decode.hpp"
#include "image/encode.hpp"

namespace {

namespace fs = std::filesystem;
using selvage::image::DecodeLimits;
using selvage::image::EncodeOptions;
using selvage::image::Format;
using selvage::image::Picture;

Picture seed_picture(int channels) {
  Picture picture = Picture::filled(33, 21, channels, 255);
  for (std::size_t i = 0; i < picture.pixels.size(); ++i) {
    picture.pixels[i] = static_cast<std::uint8_t>(i * 7 / 3);
  }
  return picture;
}

void write_seeds(const fs::path& folder) {
  int number = 0;
  auto write = [&](const std::string& bytes) {
    for (char side : {'\0', '\5'}) {
      std::ofstream(folder / ("seed-" + std::to_string(number++)), std::ios::binary)
          << side << bytes;
    }
  };
  for (Format format : {Format::jpeg, Format::png, Format::webp}) {
    for (int channels : {3, 4}) {
      for (int quality : {50, 100}) {
        EncodeOptions options;
        options.quality = quality;
        write(*selvage::image::encode(seed_picture(channels), format, options));
      }
    }
  }
  using namespace std::string_literals;
  const std::string jpeg = *selvage::image::encode(seed_picture(3), Format::jpeg);
  const std::string exif =
      "\xFF\xE1\0\x22"
      "Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"s;
  const std::string icc = "\xFF\xE2\0\x20ICC_PROFILE\0\1\1acspRGB XYZ mntr"s;
  write(jpeg.substr(0, 2) + exif + icc + jpeg.substr(2));
  const std::string vp8l =
      selvage::image::encode(seed_picture(3), Format::webp, {.quality = 100})->substr(12);
  auto little32 = [](std::size_t n) {
    return std::string{static_cast<char>(n), static_cast<char>(n >> 8), static_cast<char>(n >> 16),
                       0};
  };
  const std::string canvas("\x20\0\0\x14\0\0", 6);
  const std::string frame = "\0\0\0\0\0\0"s + canvas + "\x64\0\0\0"s + vp8l;
  const std::string body = "VP8X"s + little32(10) + "\x0A\0\0\0"s + canvas + "ANMF" +
                           little32(frame.size()) + frame + "EXIF" + little32(exif.size() - 10) +
                           exif.substr(10);
  write("RIFF" + little32(body.size() + 4) + "WEBP" + body);
}

void repair_png_checksums(std::string& bytes) {
  if (!bytes.starts_with("\x89PNG")) return;
  auto at = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i]));
  };
  for (std::size_t pos = 8; pos + 12 <= bytes.size();) {
    const std::size_t length = at(pos) << 24 | at(pos + 1) << 16 | at(pos + 2) << 8 | at(pos + 3);
    if (length > bytes.size() - pos - 12) return;
    const auto* data = reinterpret_cast<const Bytef*>(bytes.data() + pos + 4);
    const auto sum = static_cast<std::uint32_t>(crc32(0, data, static_cast<uInt>(length + 4)));
    for (std::size_t i = 0; i < 4; ++i)
      bytes[pos + 8 + length + i] = static_cast<char>(sum >> (24 - 8 * i));
    pos += length + 12;
  }
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  for (int i = 1; i < *argc; ++i) {
    const fs::path path = (*argv)[i];
    if (fs::is_directory(path) && fs::is_empty(path)) {
      write_seeds(path);
      break;
    }
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  std::string bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  repair_png_checksums(bytes);
  DecodeLimits limits;
  limits.max_side = data[0] * 3;
  limits.caps.area = 1 << 18;
  limits.memory = std::size_t{32} << 20;
  const auto picture = selvage::image::decode(bytes, limits);
  if (!picture) {
    SELVAGE_CHECK(!picture.error().code.empty() && !picture.error().message.empty());
    return 0;
  }
  SELVAGE_CHECK(picture->pixels.size() ==
                picture->stride() * static_cast<std::size_t>(picture->height));
  SELVAGE_CHECK(picture->channels == 3 || picture->channels == 4);
  SELVAGE_CHECK(limits.max_side == 0 ||
                std::max(picture->width, picture->height) <= limits.max_side);
  SELVAGE_CHECK(selvage::image::encode(*picture, Format::jpeg).has_value());
  return 0;
}
