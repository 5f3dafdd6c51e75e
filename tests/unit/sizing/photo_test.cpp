#include "sizing/photo.hpp"

#include <doctest/doctest.h>

#include "image/encode.hpp"

namespace selvage::sizing {
namespace {

std::string jpeg(int width, int height) {
  return *image::encode(image::Picture::filled(width, height, 3, 90), image::Format::jpeg);
}

TEST_CASE("Photo: up to two megapixels it keeps its size, above it is halved until it fits") {
  auto size = [](int width, int height) {
    const image::Picture picture = *decode_photo(jpeg(width, height));
    CHECK(picture.channels == 3);
    return std::pair{picture.width, picture.height};
  };
  CHECK(size(1600, 1250) == std::pair{1600, 1250});
  CHECK(size(1600, 1252) == std::pair{800, 626});
  CHECK(size(4000, 3000) == std::pair{1000, 750});
  CHECK(size(3001, 2001) == std::pair{1501, 1001});
}

TEST_CASE("Photo: transparency is ignored, the stored colours count") {
  image::Picture picture = image::Picture::filled(2, 2, 4, 0);
  for (std::size_t i = 0; i < picture.pixels.size(); ++i) {
    picture.pixels[i] = static_cast<std::uint8_t>(i % 4 == 3 ? i : 10 + i);
  }
  const auto out = *decode_photo(*image::encode(picture, image::Format::png));
  REQUIRE(out.channels == 3);
  CHECK(out.pixels == std::vector<std::uint8_t>{10, 11, 12, 14, 15, 16, 18, 19, 20, 22, 23, 24});
}

TEST_CASE("Photo: a stricter limit of the caller holds; what is no picture is an error") {
  image::DecodeLimits limits;
  limits.max_side = 100;
  CHECK(decode_photo(jpeg(2000, 1500), limits)->width == 100);
  limits.max_side = 5000;
  CHECK(decode_photo(jpeg(2000, 1500), limits)->width == 1000);
  CHECK(!decode_photo("nothing of the kind").has_value());
}

}  // namespace
}  // namespace selvage::sizing
