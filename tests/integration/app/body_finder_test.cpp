// The real models find the people of the sample pictures, and the local provider dresses them.
#include "app/body_finder.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "integration/sizing/models_fixture.hpp"
#include "tryon/compose/compose.hpp"

namespace selvage::app {
namespace {

using image::Picture;

std::optional<tryon::Body> body_in(const Picture& picture) {
  sizing::PoseEstimator* estimator = sizing::test::estimator();
  if (estimator == nullptr) return std::nullopt;
  const auto pose = estimator->estimate(picture).value();
  REQUIRE(pose);
  return body_of(*pose);
}

const std::uint8_t* pixel(const Picture& picture, float x, float y) {
  return picture.row(static_cast<int>(y)).data() + picture.channels * static_cast<int>(x);
}

}  // namespace

TEST_CASE("Body finder: the silhouette lies over the person, the points in it") {
  for (const char* name : {"person-1.jpg", "person-2.jpg", "person-3.jpg"}) {
    CAPTURE(name);
    const Picture picture = sizing::test::photo(sizing::test::sample(name));
    const auto body = body_in(picture);
    if (!body) return;
    CHECK(std::max(body->columns, body->rows) <= 384);
    REQUIRE(body->silhouette.size() == static_cast<std::size_t>(body->columns * body->rows));
    const float across = static_cast<float>(body->columns) / static_cast<float>(picture.width);
    const float down = static_cast<float>(body->rows) / static_cast<float>(picture.height);
    using enum tryon::BodyPart;
    for (const auto part :
         {nose, left_shoulder, right_shoulder, left_elbow, right_hip, left_knee}) {
      const tryon::BodyPoint& point = (*body)[part];
      const auto column = static_cast<int>(point.x * across);
      const auto row = static_cast<int>(point.y * down);
      CHECK(body->silhouette[static_cast<std::size_t>(row * body->columns + column)] > 127);
    }
    for (const std::size_t corner : {std::size_t{0}, body->silhouette.size() - 1})
      CHECK(body->silhouette[corner] < 40);
  }
}

TEST_CASE(
    "Body finder: every sample garment on every sample person, to the wrists and not over the "
    "head") {
  for (int who = 1; who <= 3; ++who) {
    const Picture person =
        sizing::test::photo(sizing::test::sample("person-" + std::to_string(who) + ".jpg"));
    const auto body = body_in(person);
    if (!body) return;
    using enum tryon::BodyPart;
    for (int what = 1; what <= 3; ++what) {
      CAPTURE(who);
      CAPTURE(what);
      const Picture garment = image::decode(sizing::test::bytes_of(sizing::test::sample(
                                                "garment-" + std::to_string(what) + ".png")))
                                  .value();
      const auto dressed = tryon::compose(person, {&garment, 1}, body);
      REQUIRE(dressed);
      CHECK(dressed->by_body);
      const Picture& after = dressed->picture;
      const auto& mouth = (*body)[mouth_left];
      const auto last_of_head = static_cast<int>(mouth.y + 4);
      CHECK(std::equal(
          person.pixels.begin(),
          person.pixels.begin() + static_cast<std::ptrdiff_t>(person.stride() * last_of_head),
          after.pixels.begin()));
      CHECK(std::equal(person.pixels.end() - static_cast<std::ptrdiff_t>(person.stride() * 250),
                       person.pixels.end(),
                       after.pixels.end() - static_cast<std::ptrdiff_t>(person.stride() * 250)));
      if (what != 2) continue;  // the red pullover: red wherever cloth is to be
      for (const auto& [a, b] :
           {std::pair{left_shoulder, left_elbow}, std::pair{right_shoulder, right_elbow},
            std::pair{left_elbow, left_wrist}, std::pair{right_elbow, right_wrist},
            std::pair{left_shoulder, right_hip}, std::pair{right_shoulder, left_hip}}) {
        for (float t = 0.1F; t < 0.85F; t += 0.1F) {
          const auto& from = (*body)[a];
          const auto& to = (*body)[b];
          const std::uint8_t* p =
              pixel(after, from.x + t * (to.x - from.x), from.y + t * (to.y - from.y));
          CHECK(p[0] > 1.6 * p[1]);
          CHECK(p[0] > 1.6 * p[2]);
        }
      }
    }
  }
}

}  // namespace selvage::app
