#include "image/encode.hpp"

#include <doctest/doctest.h>

#include "image/decode.hpp"
#include "unit/image/sample_files.hpp"

using namespace selvage;
using namespace selvage::image;
using namespace selvage::image::test;

TEST_CASE("Encode: what is written is read back") {
  const Picture picture = landmark_picture(123, 77);
  CHECK(decode(*encode(picture, Format::png))->pixels == picture.pixels);
  EncodeOptions options;
  options.quality = 100;
  CHECK(decode(*encode(picture, Format::webp, options))->pixels == picture.pixels);
  CHECK(worst_difference(*decode(*encode(picture, Format::jpeg, options)), picture) <= 4);
  CHECK(worst_difference(*decode(*encode(picture, Format::jpeg)), picture) <= 16);
}

TEST_CASE("Encode: JPEG shows transparency on white, PNG and WebP keep it") {
  const Picture half = Picture::filled(16, 16, 4, 128);
  const auto jpeg = decode(*encode(half, Format::jpeg));
  REQUIRE(jpeg);
  CHECK(jpeg->channels == 3);
  CHECK(std::abs(jpeg->pixels[0] - 191) <= 2);
  CHECK(decode(*encode(half, Format::png))->pixels == half.pixels);
  CHECK(decode(*encode(half, Format::webp))->channels == 4);
}

TEST_CASE("Encode: quality and optimisation trade size, and colour is halved below 90") {
  const Picture picture = landmark_picture(256, 256);
  auto size = [&](int quality, bool optimise) {
    EncodeOptions options;
    options.quality = quality;
    options.optimise = optimise;
    return encode(picture, Format::jpeg, options)->size();
  };
  CHECK(size(60, false) < size(95, false));
  CHECK(size(85, true) < size(85, false));
  CHECK(size(-5, false) > 0);
  CHECK(size(500, false) > 0);
  auto luma_factors = [&](int quality) {
    EncodeOptions options;
    options.quality = quality;
    const std::string bytes = *encode(picture, Format::jpeg, options);
    return static_cast<int>(bytes[bytes.find("\xFF\xC0") + 11]);
  };
  CHECK(luma_factors(89) == 0x22);
  CHECK(luma_factors(90) == 0x11);
}

TEST_CASE("Encode: nothing but the picture is written") {
  const Picture picture = landmark_picture(32, 32);
  const std::string jpeg = *encode(picture, Format::jpeg);
  CHECK(jpeg.find("Exif") == std::string::npos);
  CHECK(jpeg.find("ICC_PROFILE") == std::string::npos);
  CHECK(encode(picture, Format::png)->find("tEXt") == std::string::npos);
  CHECK(encode(picture, Format::webp)->find("EXIF") == std::string::npos);
}

TEST_CASE("Encode: a size the format cannot hold is an error") {
  const auto result = encode(Picture::filled(16'384, 1, 3, 0), Format::webp);
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == ErrorKind::too_large);
}
