#include "image/canvas.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <numeric>

#include "image/lettering.hpp"

using namespace selvage::image;

namespace {

constexpr Colour kWhite{255, 255, 255};

Picture black(int width, int height) { return Picture::filled(width, height, 3, 0); }

int red(const Picture& picture, int x, int y) {
  return picture.row(y)[static_cast<std::size_t>(x) * 3];
}

// Of all pixels, as the area of white.
double area(const Picture& picture) {
  return std::accumulate(picture.pixels.begin(), picture.pixels.end(), 0.0) / 255 / 3;
}

}  // namespace

TEST_CASE("Canvas: a line covers its area, wherever between the pixels it lies") {
  for (const float shift : {0.0F, 0.25F, 0.5F, 0.9F}) {
    Picture picture = black(60, 40);
    Canvas(picture).line({10 + shift, 20 + shift}, {50 + shift, 20 + shift}, 4, kWhite);
    // 40 long, 4 broad, and a disc of two half ends
    CHECK(area(picture) == doctest::Approx(40 * 4 + 3.14159 * 4).epsilon(0.03));
  }
}

TEST_CASE("Canvas: edges are grey, the middle is the colour, far away nothing changes") {
  Picture picture = black(40, 40);
  Canvas(picture).dot({20, 20}, 8.3F, {255, 100, 0});
  CHECK(red(picture, 20, 20) == 255);
  CHECK(picture.row(20)[61] == 100);
  const int edge = red(picture, 28, 20);
  CHECK(edge > 10);
  CHECK(edge < 245);
  CHECK(red(picture, 31, 20) == 0);
  CHECK(red(picture, 0, 0) == 0);
}

TEST_CASE("Canvas: a line that crosses itself is not darker there") {
  Picture picture = black(40, 40);
  const Spot spots[] = {{5, 5}, {35, 35}, {35, 5}, {5, 35}};
  Canvas(picture).stroke(spots, 6, kWhite.faded(0.5F));
  CHECK(red(picture, 20, 20) == 128);
  CHECK(red(picture, 10, 10) == 128);
}

TEST_CASE("Canvas: what lies outside, and what is no number, is left out") {
  Picture picture = black(20, 20);
  Canvas canvas(picture);
  canvas.line({-1e9F, 10}, {1e9F, 10}, 2, kWhite);
  CHECK(red(picture, 0, 10) == 255);
  CHECK(red(picture, 19, 10) == 255);
  const Picture before = picture;
  const float nothing = std::numeric_limits<float>::quiet_NaN();
  canvas.line({nothing, 3}, {4, 4}, 2, kWhite);
  canvas.ring({nothing, 3}, 4, 2, kWhite);
  canvas.box({5, nothing}, 4, 4, 1, kWhite);
  canvas.dot({-50, -50}, 5, kWhite);
  canvas.stroke({}, 3, kWhite);
  CHECK(picture.pixels == before.pixels);
}

TEST_CASE("Canvas: a box has its size and loses only its corners") {
  Picture picture = black(60, 40);
  Canvas(picture).box({10, 10}, 40, 20, 5, kWhite);
  CHECK(area(picture) == doctest::Approx(40 * 20 - (4 - 3.14159) * 25).epsilon(0.01));
  CHECK(red(picture, 10, 20) == 255);
  CHECK(red(picture, 10, 10) == 0);
}

TEST_CASE("Lettering: every letter that is promised has lines within its height") {
  const std::string known = "abcdefghijklmnopqrstuvwxyz0123456789XSML.,-%";
  for (const char c : known) {
    CAPTURE(c);
    const std::string text(1, c);
    const auto lines = lettering(text, 70);
    REQUIRE_FALSE(lines.empty());
    for (const auto& line : lines) {
      REQUIRE_FALSE(line.empty());
      for (const Spot spot : line) {
        CHECK(spot.y <= 21);
        CHECK(spot.y >= -71);
        CHECK(spot.x >= -1);
        CHECK(spot.x <= lettering_width(text, 70) + 1);
      }
    }
  }
  CHECK(lettering("±", 10).size() == 3);
  CHECK(lettering(" ", 10).empty());
}

TEST_CASE("Lettering: what it does not know, and broken UTF-8, leaves a gap") {
  CHECK(lettering("\xF0\x9F\x98\x80", 10).empty());
  CHECK(lettering("\xff\xfe", 10).empty());
  CHECK(lettering_width("a?b", 10) > lettering_width("ab", 10) + 4);
  CHECK(lettering_width("", 10) == 0);
}

TEST_CASE("Lettering: a label is written on the picture, and grows with its height") {
  Picture picture = black(400, 100);
  Canvas(picture).write({10, 60}, 20, "chest 102 ± 3", kWhite);
  CHECK(area(picture) > 300);
  CHECK(lettering_width("chest 102", 20) == doctest::Approx(2 * lettering_width("chest 102", 10)));
}
