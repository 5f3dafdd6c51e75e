#include "sizing/detail/warp.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>
#include <random>

namespace selvage::sizing::detail {
namespace {

image::Picture noise(int width, int height) {
  image::Picture picture = image::Picture::filled(width, height, 3, 0);
  std::minstd_rand random(7);
  for (auto& sample : picture.pixels) sample = static_cast<std::uint8_t>(random() >> 8);
  return picture;
}

std::vector<float> cut(const image::Picture& picture, const Roi& roi, int size, Border border) {
  std::vector<float> out(static_cast<std::size_t>(size * size * 3), -1);
  warp(picture, roi, size, border, levels(1, 0), out);
  return out;
}

// Bilinear with exact weights and no rounding of the place.
double exact(const image::Picture& picture, double x, double y, int c, Border border) {
  auto pixel = [&](int px, int py) -> double {
    if (border == Border::black &&
        (px < 0 || py < 0 || px >= picture.width || py >= picture.height)) {
      return 0;
    }
    px = std::clamp(px, 0, picture.width - 1);
    py = std::clamp(py, 0, picture.height - 1);
    return picture.row(py)[static_cast<std::size_t>(px * 3 + c)];
  };
  const int x0 = static_cast<int>(std::floor(x)), y0 = static_cast<int>(std::floor(y));
  const double fx = x - x0, fy = y - y0;
  return (pixel(x0, y0) * (1 - fx) + pixel(x0 + 1, y0) * fx) * (1 - fy) +
         (pixel(x0, y0 + 1) * (1 - fx) + pixel(x0 + 1, y0 + 1) * fx) * fy;
}

TEST_CASE("Warp: a square of the picture's own size is the picture") {
  const image::Picture picture = noise(16, 16);
  const auto out = cut(picture, {.centre_x = 8, .centre_y = 8, .side = 16}, 16, Border::black);
  for (std::size_t i = 0; i < out.size(); ++i) REQUIRE(out[i] == picture.pixels[i]);
}

TEST_CASE("Warp: half the size takes every second pixel, not the mean") {
  const image::Picture picture = noise(16, 16);
  const auto out = cut(picture, {.centre_x = 8, .centre_y = 8, .side = 16}, 8, Border::black);
  for (int y = 0; y < 8; ++y)
    for (int x = 0; x < 8; ++x)
      REQUIRE(out[static_cast<std::size_t>((y * 8 + x) * 3)] ==
              picture.row(2 * y)[static_cast<std::size_t>(2 * x * 3)]);
}

TEST_CASE("Warp: places and results are rounded as OpenCV does") {
  image::Picture picture = image::Picture::filled(4, 1, 3, 0);
  for (std::size_t i = 0; i < 12; ++i) picture.pixels[i] = i < 6 ? 0 : 255;
  // sample 0 at x = 1 + 1/64 + a little, which rounds to 1 + 1/32: 255 / 32 = 7.97
  const float corner = 1 + 1.0F / 64 + 0.001F;
  const Roi roi{.centre_x = corner + 0.5F, .centre_y = 0.5F, .side = 1};
  CHECK(cut(picture, roi, 1, Border::nearest)[0] == 8);
  const Roi less{.centre_x = corner + 0.5F - 0.002F, .centre_y = 0.5F, .side = 1};
  CHECK(cut(picture, less, 1, Border::nearest)[0] == 0);
}

TEST_CASE("Warp: any square comes close to the exact bilinear value") {
  const image::Picture picture = noise(23, 31);
  std::minstd_rand random(3);
  std::uniform_real_distribution<float> place(-10, 40), size(5, 60), turn(-4, 4);
  for (int round = 0; round < 200; ++round) {
    const Roi roi{place(random), place(random), size(random), turn(random)};
    const Border border = round % 2 == 0 ? Border::black : Border::nearest;
    constexpr int kSize = 9;
    const auto out = cut(picture, roi, kSize, border);
    const double cosine = std::cos(double{roi.rotation}), sine = std::sin(double{roi.rotation});
    for (int j = 0; j < kSize; ++j) {
      for (int i = 0; i < kSize; ++i) {
        const double u = (double(i) / kSize - 0.5) * roi.side,
                     v = (double(j) / kSize - 0.5) * roi.side;
        const double x = roi.centre_x + cosine * u - sine * v;
        const double y = roi.centre_y + sine * u + cosine * v;
        for (int c = 0; c < 3; ++c) {
          // 1/64 of a pixel between neighbours of 0 and 255, in both directions
          REQUIRE(std::abs(out[static_cast<std::size_t>((j * kSize + i) * 3 + c)] -
                           exact(picture, x, y, c, border)) < 9);
        }
      }
    }
  }
}

TEST_CASE("Warp: outside is black, or the nearest pixel") {
  const image::Picture white = image::Picture::filled(10, 4, 3, 255);
  const Roi all{.centre_x = 5, .centre_y = 2, .side = 10};
  const auto black = cut(white, all, 10, Border::black);
  CHECK(black[0] == 0);             // three rows above the picture
  CHECK(black[3 * 10 * 3] == 255);  // its first row
  CHECK(black[7 * 10 * 3] == 0);    // below
  const auto nearest = cut(white, all, 10, Border::nearest);
  for (const float each : nearest) REQUIRE(each == 255);
}

TEST_CASE("Warp: tiny pictures and far or huge squares stay in memory") {
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 50}, {50, 1}, {2, 2}}) {
    const image::Picture picture = noise(width, height);
    for (const float far : {0.0F, 1e4F, -1e9F, 1e30F, -3e38F}) {
      for (const float side : {1e-20F, 1.0F, 1e9F, 3e38F}) {
        for (const Border border : {Border::black, Border::nearest}) {
          for (const float each : cut(picture, {far, -far, side, 0.7F}, 16, border)) {
            REQUIRE((each >= 0 && each <= 255));
          }
        }
      }
    }
  }
}

TEST_CASE("Warp: levels scale and shift") {
  const Levels around_zero = levels(2.0F / 255, -1);
  CHECK(around_zero[0] == -1);
  CHECK(around_zero[255] == doctest::Approx(1));
  CHECK(around_zero[51] == doctest::Approx(51 / 127.5 - 1));
}

}  // namespace
}  // namespace selvage::sizing::detail
