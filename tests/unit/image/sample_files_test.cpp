#include "unit/image/sample_files.hpp"

#include <doctest/doctest.h>
#include <jpeglib.h>
#include <lcms2.h>
#include <png.h>
#include <zlib.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace selvage::image::test {
namespace {

std::string big32(std::uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}
std::string little24(std::uint32_t value) {
  return {static_cast<char>(value), static_cast<char>(value >> 8), static_cast<char>(value >> 16)};
}
std::string little32(std::uint32_t value) {
  return little24(value) + static_cast<char>(value >> 24);
}
std::string riff_chunk(const std::string& name, const std::string& data) {
  std::string chunk = name + little32(static_cast<std::uint32_t>(data.size())) + data;
  if (data.size() % 2 == 1) chunk += '\0';
  return chunk;
}

std::string saved(cmsHPROFILE profile) {
  cmsUInt32Number size = 0;
  cmsSaveProfileToMem(profile, nullptr, &size);
  std::string bytes(size, '\0');
  cmsSaveProfileToMem(profile, bytes.data(), &size);
  cmsCloseProfile(profile);
  return bytes;
}

}  // namespace

Picture landmark_picture(int width, int height) {
  Picture picture = Picture::filled(width, height, 3, 0);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      std::uint8_t* p = picture.row(y).data() + 3 * x;
      p[0] = static_cast<std::uint8_t>(20 + 200 * x / width);
      p[1] = static_cast<std::uint8_t>(20 + 200 * y / height);
      p[2] = static_cast<std::uint8_t>(128 + 80 * (width - x) / width * y / height);
    }
  }
  return picture;
}

std::string write_png(const PngRecipe& recipe) {
  std::string bytes;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(
      png, &bytes,
      [](png_structp p, png_bytep data, png_size_t count) {
        static_cast<std::string*>(png_get_io_ptr(p))->append(reinterpret_cast<char*>(data), count);
      },
      nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(recipe.width),
               static_cast<png_uint_32>(recipe.height), recipe.bits, recipe.colour_type,
               recipe.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (recipe.colour_type == PNG_COLOR_TYPE_PALETTE) {
    png_color palette[16];
    png_byte alpha[16];
    for (int i = 0; i < 16; ++i) {
      const auto level = static_cast<png_byte>(17 * i);
      palette[i] = {level, level, level};
      alpha[i] = static_cast<png_byte>(255 - level);
    }
    png_set_PLTE(png, info, palette, 16);
    if (recipe.palette_alpha) png_set_tRNS(png, info, alpha, 16, nullptr);
  }
  if (!recipe.profile.empty()) {
    png_set_iCCP(png, info, "profile", 0, reinterpret_cast<png_const_bytep>(recipe.profile.data()),
                 static_cast<png_uint_32>(recipe.profile.size()));
  }
  if (!recipe.exif.empty()) {
    std::string copy = recipe.exif;
    png_set_eXIf_1(png, info, static_cast<png_uint_32>(copy.size()),
                   reinterpret_cast<png_bytep>(copy.data()));
  }
  std::string text = recipe.text, key = "Comment";
  if (!text.empty()) {
    png_text entry{};
    entry.compression = PNG_TEXT_COMPRESSION_zTXt;
    entry.key = key.data();
    entry.text = text.data();
    entry.text_length = text.size();
    png_set_text(png, info, &entry, 1);
  }
  png_write_info(png, info);
  if (recipe.bits < 8) png_set_packing(png);
  const int channels = png_get_channels(png, info);
  const int sample_bytes = recipe.bits == 16 ? 2 : 1;
  std::vector<std::vector<png_byte>> rows(static_cast<std::size_t>(recipe.height));
  std::vector<png_bytep> pointers;
  for (int y = 0; y < recipe.height; ++y) {
    auto& row = rows[y];
    for (int x = 0; x < recipe.width; ++x) {
      for (int c = 0; c < channels; ++c) {
        const int value = recipe.sample(x, y, c);
        if (sample_bytes == 2) row.push_back(static_cast<png_byte>(value >> 8));
        row.push_back(static_cast<png_byte>(value));
      }
    }
    pointers.push_back(row.data());
  }
  png_write_image(png, pointers.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return bytes;
}

std::string write_jpeg(const JpegRecipe& recipe) {
  jpeg_compress_struct info;
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* data = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &data, &size);
  info.image_width = static_cast<JDIMENSION>(recipe.width);
  info.image_height = static_cast<JDIMENSION>(recipe.height);
  info.input_components = recipe.components;
  info.in_color_space = recipe.components == 1   ? JCS_GRAYSCALE
                        : recipe.components == 3 ? JCS_RGB
                                                 : JCS_CMYK;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, recipe.quality, TRUE);
  if (!recipe.adobe) info.write_Adobe_marker = FALSE;
  if (recipe.progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  std::vector<JSAMPLE> row(static_cast<std::size_t>(recipe.width) * recipe.components);
  for (int y = 0; y < recipe.height; ++y) {
    for (int x = 0; x < recipe.width; ++x) {
      for (int c = 0; c < recipe.components; ++c) {
        row[static_cast<std::size_t>(x) * recipe.components + c] =
            static_cast<JSAMPLE>(recipe.sample(x, y, c));
      }
    }
    JSAMPROW pointer = row.data();
    jpeg_write_scanlines(&info, &pointer, 1);
  }
  jpeg_finish_compress(&info);
  std::string bytes(reinterpret_cast<char*>(data), size);
  jpeg_destroy_compress(&info);
  std::free(data);
  return bytes;
}

std::string with_segment(const std::string& jpeg, std::uint8_t marker, const std::string& payload) {
  const std::size_t length = payload.size() + 2;
  std::string segment = {'\xFF', static_cast<char>(marker), static_cast<char>(length >> 8),
                         static_cast<char>(length)};
  return jpeg.substr(0, 2) + segment + payload + jpeg.substr(2);
}

std::string exif_block(int orientation, bool big_endian) {
  const auto o = static_cast<char>(orientation);
  using namespace std::string_literals;
  if (big_endian) {
    return "Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0"s + o + "\0\0\0\0\0\0"s;
  }
  return "Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0"s + o + "\0\0\0\0\0\0\0"s;
}

std::string icc_segment(const std::string& profile) {
  return std::string("ICC_PROFILE\0\1\1", 14) + profile;
}

std::string display_p3_profile() {
  const cmsCIExyY d65{0.3127, 0.3290, 1};
  const cmsCIExyYTRIPLE primaries{{0.680, 0.320, 1}, {0.265, 0.690, 1}, {0.150, 0.060, 1}};
  const cmsFloat64Number curve[] = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
  cmsToneCurve* tone = cmsBuildParametricToneCurve(nullptr, 4, curve);
  cmsToneCurve* tones[] = {tone, tone, tone};
  cmsHPROFILE profile = cmsCreateRGBProfile(&d65, &primaries, tones);
  cmsFreeToneCurve(tone);
  return saved(profile);
}

std::string srgb_profile() { return saved(cmsCreate_sRGBProfile()); }

std::string extended_webp(const std::string& simple, int width, int height, int frames,
                          const std::string& exif) {
  const std::string picture = simple.substr(12);  // the VP8 or VP8L chunk with its head
  const std::string canvas = little24(static_cast<std::uint32_t>(width - 1)) +
                             little24(static_cast<std::uint32_t>(height - 1));
  const char flags = static_cast<char>((frames > 0 ? 0x02 : 0) | (exif.empty() ? 0 : 0x08));
  std::string body = riff_chunk("VP8X", std::string{flags, 0, 0, 0} + canvas);
  if (frames > 0) body += riff_chunk("ANIM", std::string(6, '\0'));
  for (int i = 0; i < frames; ++i) {
    body += riff_chunk("ANMF", little24(0) + little24(0) + canvas + little24(100) + '\0' + picture);
  }
  if (frames == 0) body += picture;
  if (!exif.empty()) body += riff_chunk("EXIF", exif.substr(6));
  return "RIFF" + little32(static_cast<std::uint32_t>(body.size() + 4)) + "WEBP" + body;
}

int worst_difference(const Picture& a, const Picture& b) {
  REQUIRE(a.pixels.size() == b.pixels.size());
  int worst = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) {
    worst = std::max(worst, std::abs(a.pixels[i] - b.pixels[i]));
  }
  return worst;
}

std::string lying_png(std::uint32_t width, std::uint32_t height) {
  const std::string header =
      "IHDR" + big32(width) + big32(height) + std::string("\x08\x02\0\0\0", 5);
  const auto crc = static_cast<std::uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(header.data()), static_cast<uInt>(header.size())));
  return "\x89PNG\r\n\x1A\n" + big32(13) + header + big32(crc) + big32(16) + "IDAT" +
         std::string(64, 'x');
}

}  // namespace selvage::image::test
