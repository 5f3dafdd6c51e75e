#include <doctest/doctest.h>

#include <ctime>
#include <fstream>
#include <iterator>
#include <random>

#include "image/decode.hpp"
#include "image/encode.hpp"
#include "image/resize.hpp"
#include "tryon/compose/compose.hpp"
#include "tryon/compose/cutout.hpp"
#include "tryon/compose/torso.hpp"

using namespace selvage;
using namespace selvage::tryon;
using image::Picture;

namespace {

Picture sample(const std::string& name) {
  std::ifstream file(std::string(SELVAGE_SOURCE_DIR) + "/samples/" + name, std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  auto picture = image::decode(bytes);
  REQUIRE_MESSAGE(picture, name);
  return *picture;
}

Picture person(int number) { return sample("person-" + std::to_string(number) + ".jpg"); }
Picture garment(int number) { return sample("garment-" + std::to_string(number) + ".png"); }

TorsoPlacement torso_of(const Picture& picture) {
  const int scale = cell_scale(picture);
  auto placement = find_torso(averaged(picture, scale), scale);
  REQUIRE(placement);
  return *placement;
}

struct Mean {
  double r = 0, g = 0, b = 0;
};
Mean mean(const Picture& picture, int x0, int y0, int x1, int y1) {
  Mean total;
  int count = 0;
  for (int y = y0; y < y1; ++y) {
    for (int x = x0; x < x1; ++x, ++count) {
      const std::uint8_t* p = picture.row(y).data() + picture.channels * x;
      total.r += p[0];
      total.g += p[1];
      total.b += p[2];
    }
  }
  return {total.r / count, total.g / count, total.b / count};
}

int changed_pixels(const Picture& a, const Picture& b, int y0, int y1) {
  int changed = 0;
  for (int y = y0; y < y1; ++y) {
    for (int x = 0; x < a.width; ++x) {
      const std::uint8_t *p = a.row(y).data() + 3 * x, *q = b.row(y).data() + 3 * x;
      changed += p[0] != q[0] || p[1] != q[1] || p[2] != q[2] ? 1 : 0;
    }
  }
  return changed;
}

// A flat shirt with sleeves in one colour, RGB on an even background.
Picture plain_shirt(std::uint8_t r, std::uint8_t g, std::uint8_t b, std::uint8_t background) {
  Picture shirt = Picture::filled(300, 340, 3, background);
  for (int y = 40; y < 320; ++y) {
    for (int x = 0; x < 300; ++x) {
      const int off = std::abs(x - 150);
      const bool trunk = off < 80, sleeve = y < 130 && off < 80 + (y - 20) / 2;
      const bool neck = off < 30 && y < 40 + 30 - off;
      if ((!trunk && !sleeve) || neck) continue;
      std::uint8_t* p = shirt.row(y).data() + 3 * x;
      p[0] = r;
      p[1] = g;
      p[2] = b;
    }
  }
  return shirt;
}

}  // namespace

TEST_CASE("Torso: is found where it is on the sample persons") {
  // Read off the pictures by eye: neck base, crotch, and the chest at two thirds of the way up.
  struct Truth {
    int number;
    float top, bottom, chest_left, chest_right;
    int chest_row;
  };
  for (const Truth& truth : {Truth{1, 203, 483, 288, 438, 310}, Truth{2, 215, 495, 278, 430, 320},
                             Truth{3, 205, 492, 310, 462, 330}}) {
    CAPTURE(truth.number);
    const TorsoPlacement placement = torso_of(person(truth.number));
    CHECK(std::abs(placement.body.top - truth.top) < 20);
    CHECK(std::abs(placement.body.bottom - truth.bottom) < 65);
    CHECK(std::abs(placement.body.left[truth.chest_row] - truth.chest_left) < 14);
    CHECK(std::abs(placement.body.right[truth.chest_row] - truth.chest_right) < 14);
    for (const Limb& arm : placement.body.limbs) {
      CHECK(arm.present());
      CHECK(arm.length() > 180);
    }
  }
}

TEST_CASE("Torso: moves and scales with the person") {
  const Picture original = person(3);
  const TorsoPlacement placement = torso_of(original);
  const Picture half = image::resize(original, {360, 480});
  const TorsoPlacement smaller = torso_of(half);
  CHECK(std::abs(smaller.body.top * 2 - placement.body.top) < 10);
  CHECK(std::abs(smaller.shoulder_width * 2 - placement.shoulder_width) < 14);
}

TEST_CASE("Compose: every sample garment on every sample person, head and feet untouched") {
  for (int who = 1; who <= 3; ++who) {
    const Picture before = person(who);
    const TorsoPlacement placement = torso_of(before);
    for (int what = 1; what <= 3; ++what) {
      CAPTURE(who);
      CAPTURE(what);
      const Picture shirt = garment(what);
      const auto after = compose(before, {&shirt, 1});
      REQUIRE(after);
      CHECK(after->width == before.width);
      CHECK(after->channels == 3);
      const auto top = static_cast<int>(placement.body.top);
      const auto bottom = static_cast<int>(placement.body.bottom);
      CHECK(changed_pixels(before, *after, 0, top - 40) == 0);
      CHECK(changed_pixels(before, *after, bottom + 20, before.height) == 0);
      CHECK(changed_pixels(before, *after, top, bottom) > 20'000);
    }
  }
}

TEST_CASE("Compose: the chest takes the garment's colour, whatever was worn before") {
  for (int who = 1; who <= 3; ++who) {
    CAPTURE(who);
    const Picture before = person(who);
    const TorsoPlacement placement = torso_of(before);
    const int row = static_cast<int>((placement.body.armpit * 2 + placement.body.bottom) / 3);
    const int middle = static_cast<int>(placement.body.middle(row));
    const Picture red = garment(2);
    const Picture after = *compose(before, {&red, 1});
    const Mean chest = mean(after, middle - 40, row - 20, middle + 40, row + 20);
    CHECK(chest.r > 130);
    CHECK(chest.r > 2 * chest.g);
    CHECK(chest.r > 2 * chest.b);
  }
}

TEST_CASE("Compose: a garment on an even background is cut out as well as one with alpha") {
  const Picture before = person(1);
  for (const std::uint8_t background : std::vector<std::uint8_t>{255, 128, 0}) {
    CAPTURE(background);
    const Picture shirt = plain_shirt(40, 60, 200, background);
    const auto after = compose(before, {&shirt, 1});
    REQUIRE(after);
    const Mean chest = mean(*after, 330, 290, 400, 340);
    CHECK(chest.b > 140);
    CHECK(chest.r < 80);
    // None of the garment's background came along.
    const Mean beside = mean(*after, 300, 60, 420, 75), as_before = mean(before, 300, 60, 420, 75);
    CHECK(beside.r == doctest::Approx(as_before.r));
  }
}

TEST_CASE("Compose: an old long sleeve does not look out from under a short one") {
  const Picture before = person(2);  // wears long green and violet stripes
  const Picture shirt = garment(1);
  const Picture after = *compose(before, {&shirt, 1});
  auto green = [](const Picture& picture) {
    int count = 0;
    for (int y = 200; y < 480; ++y) {
      for (int x = 200; x < 500; ++x) {
        const std::uint8_t* p = picture.row(y).data() + 3 * x;
        count += p[1] > p[0] + 60 && p[1] > p[2] + 60 ? 1 : 0;
      }
    }
    return count;
  };
  REQUIRE(green(before) > 10'000);
  CHECK(green(after) < 400);
}

TEST_CASE("Compose: several garments are worn one over the other") {
  const Picture before = person(1);
  const std::vector<Picture> both = {garment(2), garment(3)};
  const Picture after = *compose(before, both);
  const Picture outer = *compose(before, {&both[1], 1});
  const Mean a = mean(after, 330, 380, 390, 420), b = mean(outer, 330, 380, 390, 420);
  CHECK(std::abs(a.g - b.g) < 8);
}

TEST_CASE("Compose: no person, no garment and nothing to wear are told apart") {
  const Picture shirt = garment(1);
  const Picture wall = Picture::filled(400, 600, 3, 180);
  Picture noise = wall;
  std::mt19937 random(3);
  for (auto& value : noise.pixels) value = static_cast<std::uint8_t>(random());
  Picture box = wall;
  for (int y = 100; y < 500; ++y) {
    for (int x = 100; x < 300; ++x) box.row(y)[3 * x] = 20;
  }
  for (const Picture* picture : std::vector<const Picture*>{&wall, &noise, &box, &shirt}) {
    const auto result = compose(*picture, {&shirt, 1});
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == ErrorKind::unprocessable);
    CHECK(result.error().code == "compose.no_person");
    CHECK_FALSE(result.error().hint.empty());
  }
  for (const Picture* picture : std::vector<const Picture*>{&wall, &noise}) {
    const auto result = compose(person(1), {picture, 1});
    REQUIRE_FALSE(result);
    CHECK(result.error().code == "compose.no_garment");
  }
  CHECK(compose(person(1), {}).error().code == "compose.nothing_to_wear");
}

TEST_CASE("Compose: pictures of any size and shape give a picture or an error") {
  std::mt19937 random(11);
  const Picture whole = person(2), shirt = garment(3);
  for (int round = 0; round < 60; ++round) {
    CAPTURE(round);
    auto size = [&](unsigned most) { return 1 + static_cast<int>(random() % most); };
    const Picture figure = image::resize(whole, {size(300), size(400)});
    Picture cloth = image::resize(shirt, {size(200), size(200)});
    if (round % 3 == 0) cloth = image::flatten_on_white(cloth);
    const auto result = compose(figure, {&cloth, 1});
    if (result) {
      CHECK(result->pixels.size() == figure.pixels.size());
    } else {
      CHECK(result.error().kind == ErrorKind::unprocessable);
    }
  }
}
