#include "sizing/detail/detection.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numbers>

namespace selvage::sizing::detail {
namespace {

constexpr float kSame = 0.5F;

Detection box(float score, float left, float top, float right, float bottom) {
  Detection made{.score = score, .left = left, .top = top, .right = right, .bottom = bottom};
  for (std::size_t k = 0; k < made.points.size(); ++k) made.points[k] = {left, top};
  return made;
}

TEST_CASE("Anchors: two a cell of 28 x 28 and 14 x 14, six a cell of 7 x 7, row by row") {
  const auto& all = anchors();
  CHECK(all.size() == 2254);
  CHECK(all[0].x == doctest::Approx(0.5 / 28));
  CHECK(all[1].x == all[0].x);
  CHECK(all[2].x == doctest::Approx(1.5 / 28));
  CHECK(all[2].y == doctest::Approx(0.5 / 28));
  CHECK(all[2 * 28].y == doctest::Approx(1.5 / 28));
  CHECK(all[2 * 28 * 28].x == doctest::Approx(0.5 / 14));
  CHECK(all[2 * 28 * 28 + 2 * 14 * 14].x == doctest::Approx(0.5 / 7));
  CHECK(all[2 * 28 * 28 + 2 * 14 * 14 + 6].x == doctest::Approx(1.5 / 7));
  CHECK(all[2253].x == doctest::Approx(6.5 / 7));
  CHECK(all[2253].y == doctest::Approx(6.5 / 7));
}

struct Outputs {
  std::vector<float> boxes = std::vector<float>(kAnchors * kBoxValues);
  std::vector<float> logits = std::vector<float>(kAnchors, -10);

  float* at(std::size_t anchor, float logit) {
    logits[anchor] = logit;
    return boxes.data() + anchor * kBoxValues;
  }
  [[nodiscard]] auto decoded() const { return decode_detections(boxes, logits, 0.5F); }
};

TEST_CASE("Detections: boxes and points are offsets from the anchor in pixels of the input") {
  Outputs outputs;
  CHECK(outputs.decoded().empty());
  float* raw = outputs.at(2, 2);
  const float values[] = {22.4F, -11.2F, 44.8F, 67.2F, 1, 2, 3, 4, 5, 6, 7, 224};
  std::copy(std::begin(values), std::end(values), raw);
  const auto found = outputs.decoded();
  REQUIRE(found.size() == 1);
  const float x = 1.5F / 28, y = 0.5F / 28;
  CHECK(found[0].score == doctest::Approx(1 / (1 + std::exp(-2.0))));
  CHECK(found[0].left == doctest::Approx(x + 0.1 - 0.1));
  CHECK(found[0].right == doctest::Approx(x + 0.1 + 0.1));
  CHECK(found[0].top == doctest::Approx(y - 0.05 - 0.15));
  CHECK(found[0].bottom == doctest::Approx(y - 0.05 + 0.15));
  CHECK(found[0].points[0].x == doctest::Approx(x + 1.0 / 224));
  CHECK(found[0].points[0].y == doctest::Approx(y + 2.0 / 224));
  CHECK(found[0].points[3].y == doctest::Approx(y + 1));
}

TEST_CASE("Detections: a score of exactly the least counts; nonsense does not") {
  Outputs outputs;
  outputs.at(0, 0);
  outputs.at(1, -0.001F);
  outputs.at(2, 5)[2] = -1;  // negative width
  outputs.at(3, 5)[3] = -1;
  outputs.at(4, 5)[7] = std::numeric_limits<float>::quiet_NaN();
  outputs.at(5, 5)[0] = std::numeric_limits<float>::infinity();
  outputs.at(6, std::numeric_limits<float>::quiet_NaN());
  outputs.at(7, 1e30F);  // clamped, not overflowed
  const auto found = outputs.decoded();
  REQUIRE(found.size() == 2);
  CHECK(found[0].score == 0.5F);
  CHECK(found[1].score == 1);
}

TEST_CASE("Overlap: common area over the area of both") {
  CHECK(overlap(box(1, 0, 0, 2, 2), box(1, 0, 0, 2, 2)) == 1);
  CHECK(overlap(box(1, 0, 0, 2, 2), box(1, 1, 0, 3, 2)) == doctest::Approx(1.0 / 3));
  CHECK(overlap(box(1, 0, 0, 1, 1), box(1, 1, 0, 2, 1)) == 0);
  CHECK(overlap(box(1, 0, 0, 1, 1), box(1, 5, 5, 6, 6)) == 0);
  CHECK(overlap(box(1, 1, 1, 1, 1), box(1, 1, 1, 1, 1)) == 0);
}

TEST_CASE("Merging: what overlaps the best becomes one, weighted by score") {
  const auto people = merge_detections(
      {box(0.6F, 0.1F, 0, 1.1F, 1), box(0.9F, 0, 0, 1, 1), box(0.7F, 5, 5, 6, 6)}, kSame);
  REQUIRE(people.size() == 2);
  CHECK(people[0].score == 0.9F);
  CHECK(people[0].left == doctest::Approx(0.1 * 0.6 / 1.5));
  CHECK(people[0].right == doctest::Approx((1.1 * 0.6 + 0.9) / 1.5));
  CHECK(people[0].points[0].x == doctest::Approx(0.1 * 0.6 / 1.5));
  CHECK(people[1].score == 0.7F);
  CHECK(people[1].left == doctest::Approx(5));
}

TEST_CASE("Merging: the threshold says how much overlap is one person") {
  const std::vector<Detection> two{box(0.9F, 0, 0, 2, 2), box(0.8F, 1, 0, 3, 2)};  // a third
  CHECK(merge_detections(two, 0.5F).size() == 2);
  CHECK(merge_detections(two, 0.3F).size() == 1);
  CHECK(merge_detections({}, 0.3F).empty());
}

TEST_CASE("Merging: a chain is judged against its best only") {
  const auto people = merge_detections(
      {box(0.9F, 0, 0, 2, 2), box(0.8F, 0.5F, 0, 2.5F, 2), box(0.7F, 1, 0, 3, 2)}, kSame);
  CHECK(people.size() == 2);
}

TEST_CASE("People: those whose hips are apart, however weakly they are seen") {
  auto person = [](float score, float x, float reach) {
    Detection made = box(score, x - 0.05F, 0.1F, x + 0.05F, 0.2F);
    made.points[0] = {x, 0.5F};
    made.points[1] = {x, 0.5F - reach};
    return made;
  };
  CHECK(count_people({person(0.9F, 0.5F, 0.4F)}) == 1);
  CHECK(count_people({person(0.9F, 0.5F, 0.4F), person(0.8F, 0.52F, 0.4F)}) == 1);
  // the same hips, boxes that do not overlap
  CHECK(count_people({person(0.9F, 0.5F, 0.4F), person(0.2F, 0.65F, 0.4F)}) == 1);
  CHECK(count_people({person(0.9F, 0.3F, 0.4F), person(0.2F, 0.7F, 0.4F)}) == 2);
  CHECK(count_people({person(0.9F, 0.3F, 0.4F), person(0.2F, 0.45F, 0.1F)}) == 2);  // a small one
  CHECK(count_people({person(0.9F, 0.2F, 0.2F), person(0.2F, 0.5F, 0.2F), person(0.3F, 0.8F, 0.2F),
                      person(0.25F, 0.81F, 0.2F)}) == 3);
}

TEST_CASE("Body square: centred on the hips, a quarter larger than the body's circle, upright") {
  Detection upright;
  upright.points[0] = {0.5F, 0.6F};
  upright.points[1] = {0.5F, 0.2F};
  // 400 x 200 pixels: the detector saw 400 x 400 with 100 rows above the picture
  Roi roi = *body_roi(upright, 400, 200);
  CHECK(roi.centre_x == doctest::Approx(200));
  CHECK(roi.centre_y == doctest::Approx(0.6 * 400 - 100));
  CHECK(roi.side == doctest::Approx(2 * 0.4 * 400 * 1.25));
  CHECK(roi.rotation == doctest::Approx(0));

  Detection lying = upright;
  lying.points[1] = {0.9F, 0.6F};  // the head is to the right
  roi = *body_roi(lying, 400, 200);
  CHECK(roi.rotation == doctest::Approx(std::numbers::pi / 2));
  lying.points[1] = {0.1F, 0.6F};
  CHECK(body_roi(lying, 400, 200)->rotation == doctest::Approx(-std::numbers::pi / 2));
  lying.points[1] = lying.points[0];
  CHECK(!body_roi(lying, 400, 200).has_value());
}

}  // namespace
}  // namespace selvage::sizing::detail
