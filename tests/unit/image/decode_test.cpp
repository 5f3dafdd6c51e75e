#include "image/decode.hpp"

#include <doctest/doctest.h>
#include <png.h>

#include <thread>

#include "image/encode.hpp"
#include "image/orientation.hpp"
#include "image/resize.hpp"
#include "unit/image/sample_files.hpp"

using namespace selvage;
using namespace selvage::image;
using namespace selvage::image::test;

namespace {

std::string tiff_of(int orientation) { return exif_block(orientation, false).substr(6); }

// How a camera held that way stores `upright`: turned by the inverse.
Picture stored_as(const Picture& upright, int orientation) {
  const int inverse = orientation == 6 ? 8 : orientation == 8 ? 6 : orientation;
  return make_upright(upright, inverse);
}

int grey_of(const Picture& picture, int x, int y) { return picture.row(y)[3 * x]; }

}  // namespace

TEST_CASE("Decode: every EXIF orientation ends upright, in every format") {
  const Picture upright = landmark_picture(48, 32);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    CAPTURE(orientation);
    const Picture stored = stored_as(upright, orientation);
    for (bool big_endian : {false, true}) {
      EncodeOptions best;
      best.quality = 98;
      const std::string jpeg = with_segment(*encode(stored, Format::jpeg, best), 0xE1,
                                            exif_block(orientation, big_endian));
      const auto decoded = decode(jpeg);
      REQUIRE(decoded);
      CHECK(decoded->width == 48);
      CHECK(worst_difference(*decoded, upright) <= 6);
    }
    PngRecipe recipe;
    recipe.width = stored.width;
    recipe.height = stored.height;
    recipe.exif = tiff_of(orientation);
    recipe.sample = [&](int x, int y, int c) { return stored.row(y)[3 * x + c]; };
    const auto png = decode(write_png(recipe));
    REQUIRE(png);
    CHECK(png->pixels == upright.pixels);

    EncodeOptions lossless;
    lossless.quality = 100;
    const std::string webp = extended_webp(*encode(stored, Format::webp, lossless), stored.width,
                                           stored.height, 0, exif_block(orientation, true));
    const auto from_webp = decode(webp);
    REQUIRE(from_webp);
    CHECK(from_webp->pixels == upright.pixels);
  }
}

TEST_CASE("Decode: orientation is applied before the longer side is measured out") {
  const Picture tall = landmark_picture(300, 600);
  const std::string jpeg =
      with_segment(*encode(stored_as(tall, 6), Format::jpeg), 0xE1, exif_block(6, false));
  DecodeLimits limits;
  limits.max_side = 100;
  const auto decoded = decode(jpeg, limits);
  REQUIRE(decoded);
  CHECK(decoded->width == 50);
  CHECK(decoded->height == 100);
}

TEST_CASE(
    "Decode: Display P3 becomes sRGB, an sRGB profile changes nothing, a broken one is ignored") {
  // P3 (200, 100, 50) in sRGB, by the published matrices: (215, 93, 31).
  auto colours = [](int, int, int c) { return c == 0 ? 200 : c == 1 ? 100 : 50; };
  const int expected[] = {215, 93, 31};
  PngRecipe png{.profile = display_p3_profile(), .sample = colours};
  const auto decoded = decode(write_png(png));
  REQUIRE(decoded);
  for (int c = 0; c < 3; ++c) CHECK(std::abs(decoded->pixels[c] - expected[c]) <= 2);

  const std::string plain = write_jpeg({.quality = 100, .sample = colours});
  const auto p3 = decode(with_segment(plain, 0xE2, icc_segment(display_p3_profile())));
  REQUIRE(p3);
  for (int c = 0; c < 3; ++c) CHECK(std::abs(p3->pixels[c] - expected[c]) <= 4);

  const Picture untouched = *decode(plain);
  CHECK(decode(with_segment(plain, 0xE2, icc_segment(srgb_profile())))->pixels == untouched.pixels);
  std::string broken = display_p3_profile();
  for (std::size_t i = 128; i < broken.size(); ++i) broken[i] = '\x7F';
  CHECK(decode(with_segment(plain, 0xE2, icc_segment(broken)))->pixels == untouched.pixels);
  CHECK(decode(with_segment(plain, 0xE2, icc_segment("nonsense")))->pixels == untouched.pixels);
  // An RGB profile says nothing about grey.
  const std::string grey =
      write_jpeg({.components = 1, .sample = [](int, int, int) { return 90; }});
  const auto kept = decode(with_segment(grey, 0xE2, icc_segment(display_p3_profile())));
  REQUIRE(kept);
  CHECK(grey_of(*kept, 3, 3) == 90);
}

TEST_CASE("Decode: alpha survives a colour conversion") {
  PngRecipe recipe{.colour_type = PNG_COLOR_TYPE_RGB_ALPHA, .profile = display_p3_profile()};
  recipe.sample = [](int x, int, int c) { return c == 3 ? 10 * x : 128; };
  const auto decoded = decode(write_png(recipe));
  REQUIRE(decoded);
  REQUIRE(decoded->channels == 4);
  for (int x = 0; x < 16; ++x) CHECK(decoded->row(3)[4 * x + 3] == 10 * x);
}

TEST_CASE("Decode: CMYK is RGB afterwards, inverted as Adobe writes it or not") {
  // 255 - ink as stored by Adobe: half cyan, no magenta, no yellow, a little black.
  auto adobe = [](int, int, int c) { return c == 0 ? 128 : c == 3 ? 200 : 255; };
  auto plain = [&](int x, int y, int c) { return 255 - adobe(x, y, c); };
  for (const auto& file : {write_jpeg({.components = 4, .sample = adobe}),
                           write_jpeg({.components = 4, .adobe = false, .sample = plain})}) {
    const auto decoded = decode(file);
    REQUIRE(decoded);
    CHECK(decoded->channels == 3);
    CHECK(std::abs(decoded->pixels[0] - 100) <= 3);
    CHECK(std::abs(decoded->pixels[1] - 200) <= 3);
    CHECK(std::abs(decoded->pixels[2] - 200) <= 3);
  }
}

TEST_CASE("Decode: grey, 16-bit, palette, few bits and interlacing all become 8-bit RGB") {
  auto ramp = [](int x, int y, int) { return x + 16 * y; };
  const auto grey = decode(write_jpeg({.components = 1, .quality = 100, .sample = ramp}));
  REQUIRE(grey);
  CHECK(grey->channels == 3);
  CHECK(std::abs(grey_of(*grey, 5, 8) - (5 + 128)) <= 2);

  for (bool interlaced : {false, true}) {
    CAPTURE(interlaced);
    PngRecipe deep{.bits = 16, .interlaced = interlaced};
    deep.sample = [&](int x, int y, int c) { return 257 * ramp(x, y, c); };
    const auto from_deep = decode(write_png(deep));
    REQUIRE(from_deep);
    CHECK(grey_of(*from_deep, 5, 8) == 5 + 128);

    PngRecipe palette{.bits = 4, .colour_type = PNG_COLOR_TYPE_PALETTE, .interlaced = interlaced};
    palette.sample = [](int x, int, int) { return x; };
    const auto from_palette = decode(write_png(palette));
    REQUIRE(from_palette);
    CHECK(from_palette->channels == 3);
    CHECK(grey_of(*from_palette, 5, 8) == 17 * 5);
    palette.palette_alpha = true;
    const auto clear = decode(write_png(palette));
    REQUIRE(clear);
    REQUIRE(clear->channels == 4);
    CHECK(clear->row(0)[4 * 5 + 3] == 255 - 17 * 5);

    PngRecipe bits{.bits = 1, .colour_type = PNG_COLOR_TYPE_GRAY, .interlaced = interlaced};
    bits.sample = [](int x, int y, int) { return (x + y) % 2; };
    const auto from_bits = decode(write_png(bits));
    REQUIRE(from_bits);
    CHECK(grey_of(*from_bits, 5, 8) == 255);
    CHECK(grey_of(*from_bits, 6, 8) == 0);
  }
  const auto progressive =
      decode(write_jpeg({.components = 1, .progressive = true, .quality = 100, .sample = ramp}));
  REQUIRE(progressive);
  CHECK(std::abs(grey_of(*progressive, 5, 8) - (5 + 128)) <= 2);
}

TEST_CASE("Decode: WebP keeps alpha; of an animation the first frame is taken, on its canvas") {
  Picture picture = Picture::filled(20, 10, 4, 60);
  picture.row(4)[4 * 7 + 3] = 255;
  EncodeOptions lossless;
  lossless.quality = 100;
  const auto decoded = decode(*encode(picture, Format::webp, lossless));
  REQUIRE(decoded);
  CHECK(decoded->pixels == picture.pixels);

  const std::string still = *encode(landmark_picture(8, 8), Format::webp, lossless);
  const auto first = decode(extended_webp(still, 8, 8, 3, ""));
  REQUIRE(first);
  CHECK(worst_difference(flatten_on_white(*first), landmark_picture(8, 8)) == 0);
}

TEST_CASE("Decode: a file cut off anywhere is an error, never half a picture") {
  const Picture picture = landmark_picture(200, 150);
  std::vector<std::string> files;
  for (Format format : {Format::jpeg, Format::png, Format::webp})
    files.push_back(*encode(picture, format));
  auto sample = [&](int x, int y, int c) { return picture.row(y)[3 * x + c]; };
  files.push_back(write_jpeg({.width = 200, .height = 150, .progressive = true, .sample = sample}));
  files.push_back(write_png({.width = 200, .height = 150, .interlaced = true, .sample = sample}));
  files.push_back(extended_webp(files[2], 200, 150, 2, ""));
  for (std::size_t kind = 0; kind < files.size(); ++kind) {
    CAPTURE(kind);
    REQUIRE(decode(files[kind]));
    for (int max_side : {0, 60}) {
      DecodeLimits limits;
      limits.max_side = max_side;
      for (std::size_t percent = 0; percent < 100; ++percent) {
        CAPTURE(percent);
        const auto cut = decode(files[kind].substr(0, files[kind].size() * percent / 100), limits);
        REQUIRE_FALSE(cut);
        CHECK_FALSE(cut.error().message.empty());
      }
      CHECK_FALSE(decode(files[kind].substr(0, files[kind].size() - 2), limits));
    }
  }
}

TEST_CASE("Decode: damaged picture data is an error in formats that can tell") {
  const Picture picture = landmark_picture(200, 150);
  std::string png = *encode(picture, Format::png);
  png[png.size() / 2] ^= 0x10;
  CHECK_FALSE(decode(png));
  std::string jpeg = *encode(picture, Format::jpeg);
  jpeg.replace(jpeg.size() / 2, 2, "\xFF\xD9");  // ends in the middle, as far as the markers say
  const auto cut = decode(jpeg);
  REQUIRE_FALSE(cut);
  CHECK(cut.error().kind == ErrorKind::invalid);
}

TEST_CASE("Decode: headers that lie about the size are found out") {
  std::string jpeg = *encode(landmark_picture(64, 64), Format::jpeg);
  const std::size_t frame = jpeg.find("\xFF\xC0");
  jpeg[frame + 5] = '\x20';  // declares 8,256 rows
  CHECK_FALSE(decode(jpeg));
  std::string webp = extended_webp(*encode(landmark_picture(64, 64), Format::webp), 32, 32, 0, "");
  CHECK(decode(webp).error().code == "image.corrupt");
  CHECK_FALSE(decode(lying_png(4000, 4000)));
}

TEST_CASE("Decode: compressed text and profiles in a PNG cannot blow up") {
  PngRecipe recipe;
  recipe.text = std::string(std::size_t{96} << 20, 'a');  // 96 MiB in about 95 KiB
  const std::string bomb = write_png(recipe);
  REQUIRE(bomb.size() < 200'000);
  recipe.text.clear();
  CHECK(decode(bomb)->pixels == decode(write_png(recipe))->pixels);

  // A profile that claims to be larger than any real one is ignored, not believed.
  std::string profile = display_p3_profile();
  profile.resize(std::size_t{32} << 20, '\0');
  profile[0] = 2;  // big-endian length: 32 MiB
  profile[1] = profile[2] = profile[3] = 0;
  PngRecipe heavy;
  heavy.profile = profile;
  heavy.sample = [](int, int, int) { return 77; };
  const auto decoded = decode(write_png(heavy));
  REQUIRE(decoded);
  CHECK(decoded->pixels[0] == 77);
}

TEST_CASE("Decode: what needs too much memory or too many passes at once is refused") {
  DecodeLimits limits;
  limits.memory = 100'000;
  auto error = [&](const std::string& bytes) { return decode(bytes, limits).error().code; };
  CHECK(error(write_jpeg({.width = 300, .height = 300, .progressive = true})) ==
        "image.too_much_memory");
  CHECK(error(write_png({.width = 300, .height = 300, .interlaced = true})) ==
        "image.too_much_memory");
  limits.max_side = 50;  // nothing is held but a few rows
  CHECK(decode(write_jpeg({.width = 300, .height = 300}), limits));
  CHECK(decode(write_png({.width = 300, .height = 300}), limits));
  DecodeLimits few;
  few.scans = 3;
  CHECK(decode(write_jpeg({.progressive = true}), few).error().code == "image.too_many_scans");
}

TEST_CASE("Decode: one pixel, and pictures a thousand times as long as wide") {
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 5000}, {5000, 1}, {3, 4000}}) {
    CAPTURE(width);
    CAPTURE(height);
    const Picture picture = Picture::filled(width, height, 3, 120);
    for (Format format : {Format::jpeg, Format::png, Format::webp}) {
      const std::string bytes = *encode(picture, format);
      const auto full = decode(bytes);
      REQUIRE(full);
      CHECK(full->width == width);
      DecodeLimits limits;
      limits.max_side = 64;
      const auto shrunk = decode(bytes, limits);
      REQUIRE(shrunk);
      const Size expected = shrunk_size({width, height}, 64);
      CHECK(shrunk->width == expected.width);
      CHECK(shrunk->height == expected.height);
      CHECK(std::abs(shrunk->pixels[0] - 120) <= 2);
    }
  }
}

TEST_CASE("Decode: shrinking while loading looks like shrinking afterwards") {
  const Picture picture = landmark_picture(1500, 1100);
  for (Format format : {Format::jpeg, Format::png, Format::webp}) {
    const std::string bytes = *encode(picture, format);
    for (int side : {1400, 700, 333, 90}) {
      CAPTURE(side);
      DecodeLimits limits;
      limits.max_side = side;
      const auto direct = decode(bytes, limits);
      REQUIRE(direct);
      CHECK(std::max(direct->width, direct->height) == side);
      CHECK(worst_difference(*direct, shrink(*decode(bytes), side)) <= 5);
    }
  }
}

TEST_CASE("Decode: many threads at once agree with one") {
  const std::string jpeg = with_segment(*encode(landmark_picture(600, 400), Format::jpeg), 0xE2,
                                        icc_segment(display_p3_profile()));
  DecodeLimits limits;
  limits.max_side = 200;
  const Picture expected = *decode(jpeg, limits);
  std::atomic<int> agreed = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 8; ++round) {
        if (decode(jpeg, limits)->pixels == expected.pixels) ++agreed;
      }
    });
  }
  threads.clear();
  CHECK(agreed == 32);
}
