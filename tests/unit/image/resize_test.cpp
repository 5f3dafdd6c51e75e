#include "image/resize.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>
#include <random>

#include "unit/image/sample_files.hpp"

using namespace selvage::image;
using namespace selvage::image::test;

namespace {

// The textbook form, in doubles and straight from the definition: every output pixel is a weighted
// sum over all the input pixels its window reaches in both directions.
Picture reference(const Picture& from, Size target) {
  auto weights = [](int source, int size, int i) {
    const double ratio = static_cast<double>(source) / size, stretch = std::max(1.0, ratio);
    const double centre = (i + 0.5) * ratio;
    std::vector<double> all(static_cast<std::size_t>(source));
    double total = 0;
    for (int j = 0; j < source; ++j) {
      const double x = (j + 0.5 - centre) / stretch, a = std::numbers::pi * x;
      all[j] = x == 0 ? 1 : std::abs(x) < 3 ? 3 * std::sin(a) * std::sin(a / 3) / (a * a) : 0;
      total += all[j];
    }
    for (double& weight : all) weight /= total;
    return all;
  };
  Picture to = Picture::filled(target.width, target.height, 3, 0);
  for (int y = 0; y < target.height; ++y) {
    const auto down = weights(from.height, target.height, y);
    for (int x = 0; x < target.width; ++x) {
      const auto across = weights(from.width, target.width, x);
      for (int c = 0; c < 3; ++c) {
        double sum = 0;
        for (int j = 0; j < from.height; ++j) {
          if (down[j] == 0) continue;
          for (int i = 0; i < from.width; ++i) sum += down[j] * across[i] * from.row(j)[3 * i + c];
        }
        to.row(y)[3 * x + c] = static_cast<std::uint8_t>(std::clamp(sum + 0.5, 0.0, 255.0));
      }
    }
  }
  return to;
}

Picture noise(int width, int height, int channels, unsigned seed) {
  std::mt19937 random(seed);
  Picture picture = Picture::filled(width, height, channels, 0);
  for (auto& sample : picture.pixels) sample = static_cast<std::uint8_t>(random());
  return picture;
}

}  // namespace

TEST_CASE("Resize: agrees with the definition to one step, smaller and larger") {
  const Picture picture = noise(61, 47, 3, 7);
  for (Size target :
       {Size{30, 23}, Size{60, 40}, Size{7, 5}, Size{1, 1}, Size{61, 10}, Size{90, 70}}) {
    CAPTURE(target.width);
    const Picture resized = resize(picture, target);
    CHECK(worst_difference(resized, reference(picture, target)) <= 1);
  }
}

TEST_CASE("Resize: flat areas stay exactly flat, black and white included") {
  for (int level : {0, 1, 127, 128, 254, 255}) {
    for (int channels : {3, 4}) {
      const Picture flat = Picture::filled(257, 131, channels, static_cast<std::uint8_t>(level));
      for (Size target : {Size{100, 51}, Size{33, 17}, Size{1, 1}, Size{256, 130}}) {
        const Picture resized = resize(flat, target);
        // What is entirely transparent has no colour left.
        const auto expected = static_cast<std::uint8_t>(level);
        CHECK(std::all_of(resized.pixels.begin(), resized.pixels.end(),
                          [&](std::uint8_t sample) { return sample == expected; }));
      }
    }
  }
}

TEST_CASE("Resize: a gradient stays a gradient, to one step") {
  Picture ramp = Picture::filled(1024, 8, 3, 0);
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 1024; ++x) {
      for (int c = 0; c < 3; ++c) ramp.row(y)[3 * x + c] = static_cast<std::uint8_t>(x / 4);
    }
  }
  const Picture resized = resize(ramp, {256, 2});
  for (int x = 3; x < 253; ++x) {  // the window reaches over the edge in the first and last three
    CHECK(std::abs(resized.row(0)[3 * x] - x) <= 1);
  }
}

TEST_CASE("Resize: what is transparent lends no colour to what is not") {
  Picture picture = Picture::filled(64, 64, 4, 0);
  for (int y = 0; y < 64; ++y) {
    for (int x = 0; x < 64; ++x) {
      const bool visible = x < 32;
      std::uint8_t* p = picture.row(y).data() + 4 * x;
      p[0] = visible ? 200 : 0;  // red beside transparent green
      p[1] = visible ? 0 : 255;
      p[3] = visible ? 255 : 0;
    }
  }
  const Picture resized = resize(picture, {16, 16});
  for (int x = 0; x < 16; ++x) {
    const std::uint8_t* p = resized.row(8).data() + 4 * x;
    if (p[3] == 0) continue;
    CHECK(std::abs(p[0] - 200) <= 1);
    CHECK(p[1] == 0);
  }
}

TEST_CASE("Resize: sizes keep proportions, never grow and never reach nothing") {
  CHECK(shrunk_size({4000, 3000}, 1024) == Size{1024, 768});
  CHECK(shrunk_size({3000, 4000}, 1024) == Size{768, 1024});
  CHECK(shrunk_size({1024, 1}, 1024) == Size{1024, 1});
  CHECK(shrunk_size({100, 50}, 1024) == Size{100, 50});
  CHECK(shrunk_size({100, 50}, 0) == Size{100, 50});
  CHECK(shrunk_size({16'000, 2}, 1024) == Size{1024, 1});
  CHECK(shrink(Picture::filled(50, 20, 3, 9), 100).width == 50);
}
