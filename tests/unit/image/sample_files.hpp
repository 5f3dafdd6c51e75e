// Picture files made in memory for the tests, of kinds that the encoders of src/image do not write.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "image/picture.hpp"

namespace selvage::image::test {

// A picture in which every corner and every direction is different. No sharp edges, so that JPEG
// keeps it.
Picture landmark_picture(int width, int height);

struct PngRecipe {
  int width = 16, height = 16;
  int bits = 8;
  int colour_type = 2;  // PNG_COLOR_TYPE_RGB
  bool interlaced = false;
  std::string profile = {};  // iCCP
  std::string exif = {};     // eXIf
  std::string text = {};     // zTXt, deflated
  bool palette_alpha = false;
  // Sample `channel` of the pixel at (x, y), 0 to 2^bits - 1. A palette has 16 greys, entry i is 17
  // * i.
  std::function<int(int x, int y, int channel)> sample = [](int, int, int) { return 0; };
};
std::string write_png(const PngRecipe& recipe);

struct JpegRecipe {
  int width = 16, height = 16;
  int components = 3;  // 1 grey, 3 RGB given, 4 CMYK given as stored
  bool progressive = false;
  bool adobe = true;  // the marker libjpeg writes for four components
  int quality = 95;
  std::function<int(int x, int y, int channel)> sample = [](int, int, int) { return 0; };
};
std::string write_jpeg(const JpegRecipe& recipe);

// `jpeg` with a segment put behind its start marker.
std::string with_segment(const std::string& jpeg, std::uint8_t marker, const std::string& payload);
std::string exif_block(int orientation, bool big_endian);  // "Exif\0\0" and TIFF
std::string icc_segment(const std::string& profile);       // payload of an APP2, one part

std::string display_p3_profile();
std::string srgb_profile();

// A WebP in the extended container: `frames` copies of `lossless` (an RGB simple file) as animation
// frames, or one still when frames is 0.
std::string extended_webp(const std::string& simple, int width, int height, int frames,
                          const std::string& exif);

// The largest difference of two samples of equally large pictures.
int worst_difference(const Picture& a, const Picture& b);

// A whole PNG header that declares a size, followed by nothing of use.
std::string lying_png(std::uint32_t width, std::uint32_t height);

}  // namespace selvage::image::test
