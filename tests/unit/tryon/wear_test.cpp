#include "tryon/compose/wear.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <random>

#include "image/resize.hpp"
#include "tryon/compose/compose.hpp"
#include "tryon/compose/cutout.hpp"
#include "tryon/compose/figure.hpp"
#include "tryon/compose/pattern.hpp"
#include "unit/tryon/drawn_garments.hpp"

using namespace selvage;
using namespace selvage::tryon;
using namespace selvage::tryon::test;
using image::Picture;

namespace {

Picture worn(const DrawnPerson& person, const Picture& garment) {
  auto result = wear(person.picture, {&garment, 1}, person.body);
  REQUIRE(result);
  REQUIRE(*result);
  CHECK((*result)->width == person.picture.width);
  CHECK((*result)->pixels.size() == person.picture.pixels.size());
  return **result;
}

// Of the points between two, the share that has the colour.
double share(const Picture& picture, Point a, Point b, Paint paint) {
  constexpr int kPoints = 60;
  int count = 0;
  for (int i = 0; i < kPoints; ++i)
    count += is_about(picture, mix(a, b, static_cast<float>(i) / (kPoints - 1)), paint, 60) ? 1 : 0;
  return static_cast<double>(count) / kPoints;
}

bool same(const Picture& a, const Picture& b, int x, int y) {
  return std::equal(a.row(y).data() + 3 * x, a.row(y).data() + 3 * x + 3, b.row(y).data() + 3 * x);
}

Pattern pattern_of(const Picture& garment) {
  auto cut_garment = cut_out(garment, 400);
  REQUIRE(cut_garment);
  return read_pattern(cut_garment->mask);
}

}  // namespace

TEST_CASE(
    "Pattern: tops, trousers and dresses are told apart, and where sleeves are set in is found") {
  for (const Picture& sleeved : {t_shirt(), pullover()}) {
    const Pattern pattern = pattern_of(sleeved);
    CHECK(pattern.cut == Cut::top);
    for (std::size_t side : {0U, 1U}) {
      CHECK(pattern.sleeved(side));
      CHECK(std::abs(pattern.armpit[side].x - 100) < 16);
      CHECK(std::abs(pattern.armpit[side].y - 114) < 16);
    }
  }
  CHECK(pattern_of(pullover()).limbs[0].length() > 1.7F * pattern_of(t_shirt()).limbs[0].length());
  for (const Picture& bare : {tank_top(), dress()}) {
    const Pattern pattern = pattern_of(bare);
    CHECK(pattern.cut == Cut::top);
    CHECK_FALSE(pattern.sleeved(0));
    CHECK_FALSE(pattern.sleeved(1));
  }
  const Pattern legs = pattern_of(trousers());
  CHECK(legs.cut == Cut::trousers);
  CHECK(std::abs(legs.crotch - legs.top - 140 * 400.0F / 520) < 16);
}

TEST_CASE("Figure: shoulders, sides and arms are where they were drawn") {
  const DrawnPerson person = draw_person();
  const auto figure = Figure::measure(person.body, 480, 720);
  REQUIRE(figure);
  CHECK(figure->torso == doctest::Approx(156).epsilon(0.01));
  CHECK(figure->shoulders == doctest::Approx(104).epsilon(0.01));
  for (std::size_t side : {0U, 1U}) {
    CHECK(std::abs(figure->reach(side, 80) - 50) < 8);
    CHECK(figure->arms[side].seen);
    const Section elbow = figure->arms[side].strip.at(0.5F * figure->arms[side].strip.length());
    CHECK(distance(elbow.middle(), person.elbow[side]) < 10);
    CHECK(std::abs(distance(elbow.outer, elbow.inner) - 30) < 9);
  }
}

TEST_CASE("Wear: the trunk, the shoulders and nothing of the head are covered") {
  const DrawnPerson person = draw_person();
  for (const Picture& garment : {t_shirt(), pullover(), tank_top()}) {
    const Picture after = worn(person, garment);
    for (float y = 240; y < 325; y += 5)  // to within a few pixels of its sides
      CHECK(share(after, {240 - 45, y}, {240 + 45, y}, kRed) == 1);
    for (int y = 0; y < static_cast<int>(person.head.y) + 32; ++y) {
      for (int x = 0; x < after.width; ++x) REQUIRE(same(after, person.picture, x, y));
    }
    for (int y = 420; y < after.height; ++y) {
      for (int x = 0; x < after.width; ++x) REQUIRE(same(after, person.picture, x, y));
    }
    // The wall is what it was but for the cloth's own ease.
    for (int y = 0; y < after.height; ++y) {
      for (int x : {20, 60, 420, 460}) REQUIRE(same(after, person.picture, x, y));
    }
  }
  const Picture after = worn(person, t_shirt());
  for (std::size_t side : {0U, 1U}) {  // from beside the neck to the shoulder's end
    const Point neck = mix(Point{240, 172}, person.shoulder[side], 0.62F);
    CHECK(share(after, neck, person.shoulder[side] + Point{0, 2}, kRed) > 0.95);
  }
}

TEST_CASE("Wear: sleeves follow the arms, and end where they are cut to") {
  Posture raised;
  raised.upper = {-70, 46};
  raised.fore = {-40, -70};
  for (const Posture& posture : {Posture{}, raised}) {
    const DrawnPerson person = draw_person(posture);
    const Picture shirt = worn(person, t_shirt()), warm = worn(person, pullover());
    for (std::size_t side : {0U, 1U}) {
      const Point shoulder = person.shoulder[side], elbow = person.elbow[side];
      CHECK(share(shirt, mix(shoulder, elbow, 0.1F), mix(shoulder, elbow, 0.45F), kRed) > 0.95);
      CHECK(share(shirt, mix(elbow, person.wrist[side], 0.2F), person.wrist[side], kSkin) > 0.95);
      CHECK(share(warm, shoulder, elbow, kRed) > 0.95);
      CHECK(share(warm, elbow, mix(elbow, person.wrist[side], 0.85F), kRed) > 0.95);
      CHECK(share(warm, mix(person.wrist[side], person.fingers[side], 0.4F), person.fingers[side],
                  kSkin) > 0.95);
    }
  }
}

TEST_CASE("Wear: an arm in front of the trunk stays there") {
  Posture across;
  across.right_upper = Point{30, 88};
  across.right_fore = Point{-84, -16};  // the hand lies on the other side of the chest
  const DrawnPerson person = draw_person(across);
  const Picture shirt = worn(person, t_shirt());
  CHECK(share(shirt, mix(person.elbow[1], person.wrist[1], 0.3F), person.fingers[1], kSkin) > 0.93);
  // Around it is cloth.
  for (float t : {0.5F, 0.8F}) {
    const Point on = mix(person.elbow[1], person.wrist[1], t);
    CHECK(is_about(shirt, on + Point{0, 32}, kRed, 60));
  }
  const Picture warm = worn(person, pullover());
  CHECK(share(warm, person.elbow[1], mix(person.elbow[1], person.wrist[1], 0.85F), kRed) > 0.93);
  CHECK(share(warm, mix(person.wrist[1], person.fingers[1], 0.4F), person.fingers[1], kSkin) > 0.9);
}

TEST_CASE("Wear: of an old long sleeve nothing looks out from under a short one") {
  Posture sleeved;
  sleeved.long_sleeves = true;
  const DrawnPerson person = draw_person(sleeved);
  for (const Picture& garment : {t_shirt(), tank_top()}) {
    const Picture after = worn(person, garment);
    int left = 0;
    for (int y = 0; y < 330; ++y) {
      for (int x = 0; x < after.width; ++x) {
        left += is_about(after, {static_cast<float>(x), static_cast<float>(y)}, kShirt, 30) ? 1 : 0;
      }
    }
    CHECK(left < 150);  // of about 20,000
    for (std::size_t side : {0U, 1U})
      CHECK(share(after, person.elbow[side], mix(person.elbow[side], person.wrist[side], 0.9F),
                  kSkin) > 0.9);
  }
}

TEST_CASE("Wear: trousers go to the legs and leave the shirt, a dress goes over both") {
  const DrawnPerson person = draw_person();
  const Picture legs = worn(person, trousers());
  for (std::size_t side : {0U, 1U}) {
    CHECK(share(legs, person.hip[side], person.knee[side], kRed) > 0.97);
    CHECK(share(legs, person.knee[side], mix(person.knee[side], person.ankle[side], 0.9F), kRed) >
          0.97);
  }
  CHECK(share(legs, {240, 190}, {240, 285}, kShirt) > 0.97);
  CHECK(is_about(legs, {240, 520}, kWall));  // between the legs
  const Picture gown = worn(person, dress());
  CHECK(share(gown, {240, 200}, {240, 440}, kRed) > 0.97);
  CHECK(share(gown, person.hip[0], mix(person.hip[0], person.knee[0], 0.8F), kRed) > 0.97);
}

TEST_CASE("Wear: a mirrored person wears the mirrored picture") {
  Posture lopsided;
  lopsided.right_upper = Point{60, 60};
  const DrawnPerson person = draw_person(lopsided);
  std::swap(lopsided.upper, *lopsided.right_upper);
  lopsided.upper.x = -lopsided.upper.x;
  lopsided.right_upper->x = -lopsided.right_upper->x;
  const DrawnPerson mirrored = draw_person(lopsided);
  const Picture a = worn(person, t_shirt()), b = worn(mirrored, t_shirt());
  int different = 0;
  for (int y = 0; y < a.height; ++y) {
    for (int x = 0; x < a.width; ++x) {
      different += std::abs(a.row(y)[3 * x] - b.row(y)[3 * (a.width - 1 - x)]) > 60 ? 1 : 0;
    }
  }
  CHECK(different < 900);  // along the edges
}

TEST_CASE("Wear: bodies that cannot be dressed are left to the silhouette") {
  const DrawnPerson person = draw_person();
  const Picture shirt = t_shirt();
  auto dressed_with = [&](const Body& body) { return wear(person.picture, {&shirt, 1}, body); };
  Body sideways = person.body;
  for (auto part : {BodyPart::left_shoulder, BodyPart::right_shoulder})
    sideways.points[static_cast<std::size_t>(part)].x = 240;
  Body hidden = person.body;
  hidden.points[static_cast<std::size_t>(BodyPart::left_shoulder)].visibility = 0.1F;
  Body nowhere;
  Body cut_short = person.body;
  cut_short.silhouette.resize(100);
  Body nonsense = person.body;
  nonsense.points[13].x = std::numeric_limits<float>::quiet_NaN();
  Body endless = person.body;
  endless.points[14].y = std::numeric_limits<float>::infinity();
  for (const Body& body : {sideways, hidden, nowhere, cut_short, nonsense, endless}) {
    const auto result = dressed_with(body);
    REQUIRE(result);
    CHECK_FALSE(*result);
  }
  // And the whole composition says how it was done.
  CHECK(compose(person.picture, {&shirt, 1}, person.body)->by_body);
  const auto fallen_back = compose(person.picture, {&shirt, 1}, sideways);
  const auto without = compose(person.picture, {&shirt, 1}, std::nullopt);
  REQUIRE(fallen_back);
  REQUIRE(without);
  CHECK_FALSE(fallen_back->by_body);
  CHECK(fallen_back->picture.pixels == without->picture.pixels);
}

TEST_CASE("Wear: garments that are none are refused with a reason") {
  const DrawnPerson person = draw_person();
  Picture one = Picture::filled(1, 1, 3, 9);
  Picture clear = Picture::filled(300, 300, 4, 0);
  Picture wall = Picture::filled(300, 300, 3, 200);
  Picture solid = Picture::filled(200, 2, 4, 255);
  for (const Picture* garment : {&one, &clear, &wall, &solid}) {
    const auto result = wear(person.picture, {garment, 1}, person.body);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == "compose.no_garment");
    CHECK(result.error().kind == ErrorKind::unprocessable);
  }
  CHECK(compose(person.picture, {}, person.body).error().code == "compose.nothing_to_wear");
}

TEST_CASE("Wear: bodies and pictures of any shape give a picture, an error or nothing") {
  std::mt19937 random(5);
  auto number = [&](float low, float high) {
    return std::uniform_real_distribution<float>(low, high)(random);
  };
  const DrawnPerson drawn = draw_person();
  const std::vector<Picture> garments = {t_shirt(), pullover(), tank_top(), trousers(), dress()};
  for (int round = 0; round < 150; ++round) {
    CAPTURE(round);
    DrawnPerson person = drawn;
    // Joints somewhere near, or anywhere.
    const float scatter = round % 3 == 0 ? 400.0F : 60.0F;
    for (BodyPoint& point : person.body.points) {
      point.x += number(-scatter, scatter);
      point.y += number(-scatter, scatter);
      point.z += number(-scatter, scatter);
      point.visibility = number(0.3F, 1.0F);
    }
    if (round % 5 == 0) {
      for (auto& cell : person.body.silhouette) cell = static_cast<std::uint8_t>(random());
    }
    if (round % 7 == 0) {
      person.picture = image::resize(person.picture, {1 + static_cast<int>(random() % 900),
                                                      1 + static_cast<int>(random() % 40)});
    }
    Picture garment = garments[random() % garments.size()];
    if (round % 4 == 0) {
      garment = image::resize(
          garment, {1 + static_cast<int>(random() % 400), 1 + static_cast<int>(random() % 400)});
    }
    const auto result = wear(person.picture, {&garment, 1}, person.body);
    if (result && *result) CHECK((*result)->pixels.size() == person.picture.pixels.size());
    if (!result) CHECK(result.error().code == "compose.no_garment");
  }
}
