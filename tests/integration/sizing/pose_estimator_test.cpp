#include "sizing/pose_estimator.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "image/encode.hpp"
#include "image/resize.hpp"
#include "integration/sizing/models_fixture.hpp"
#include "support/picture_variants.hpp"

namespace selvage::sizing {
namespace {

using enum LandmarkId;

// Ours and the other's landmarks, in parts of the picture's height.
double mean_shift(const Pose& a, const Pose& b) {
  double sum = 0;
  for (std::size_t i = 0; i < kLandmarks; ++i) {
    const double ax = a.landmarks[i].x, ay = a.landmarks[i].y;
    const double bx = b.landmarks[i].x, by = b.landmarks[i].y;
    sum += std::hypot(ax / a.image_width - bx / b.image_width,
                      ay / a.image_height - by / b.image_height);
  }
  return sum / kLandmarks;
}

// The value of the mask at a place of the picture.
float mask_at(const Pose& pose, float x, float y) {
  const auto place = MaskPlaces(pose.roi).of(x, y);
  const int column = static_cast<int>(std::lround(place.column));
  const int row = static_cast<int>(std::lround(place.row));
  if (column < 0 || row < 0 || column >= Mask::kSide || row >= Mask::kSide) return 0;
  return pose.mask.at(column, row);
}

TEST_CASE("Pose: the people of the sample pictures stand upright and face the camera") {
  PoseEstimator* estimator = test::estimator();
  if (estimator == nullptr) return;
  for (const char* name : {"person-1.jpg", "person-2.jpg", "person-3.jpg"}) {
    CAPTURE(name);
    const image::Picture picture = test::photo(test::sample(name));
    const Pose pose = estimator->estimate(picture)->value();
    CHECK(pose.people == 1);
    CHECK(pose.detection_score > 0.9F);
    CHECK(pose.pose_score > 0.9F);
    CHECK(pose.image_width == picture.width);
    CHECK(pose[nose].y < pose[left_shoulder].y);
    CHECK(pose[left_shoulder].y < pose[left_hip].y);
    CHECK(pose[left_hip].y < pose[left_knee].y);
    CHECK(pose[left_knee].y < pose[left_ankle].y);
    CHECK(pose[left_shoulder].x > pose[right_shoulder].x);  // the person's left is our right
    CHECK(std::abs(pose.roi.rotation) < 0.2F);
    for (const LandmarkId id : {nose, left_shoulder, right_hip, right_ankle}) {
      CHECK(pose[id].presence > 0.6F);
      CHECK(pose[id].visibility > 0.45F);
    }
    const double height = std::abs(pose.world[0].y - pose.world[27].y);
    CHECK(height > 1.1);
    CHECK(height < 1.8);
  }
}

TEST_CASE("Pose: the mask covers the body and nothing of the corners") {
  PoseEstimator* estimator = test::estimator();
  if (estimator == nullptr) return;
  const Pose pose = estimator->estimate(test::photo(test::sample("person-2.jpg")))->value();
  REQUIRE(pose.mask.values.size() == std::size_t{Mask::kSide} * Mask::kSide);
  for (const float each : pose.mask.values) REQUIRE((each >= 0 && each <= 1));
  for (const LandmarkId id : {nose, left_hip, right_hip, left_knee, right_knee}) {
    CHECK(mask_at(pose, pose[id].x, pose[id].y) > 0.9F);
  }
  for (const int x : {0, Mask::kSide - 1}) {
    for (const int y : {0, Mask::kSide - 1}) CHECK(pose.mask.at(x, y) < 0.05F);
  }
}

// The mean place of the mask across the picture, in pixels.
double middle_of_mask(const Pose& pose) {
  double sum = 0, weighted = 0;
  for (float y = 1; y < static_cast<float>(pose.image_height); y += 2)
    for (float x = 0.5F; x < static_cast<float>(pose.image_width); x += 1) {
      const double here = mask_at(pose, x, y);
      sum += here, weighted += here * x;
    }
  return weighted / sum;
}

TEST_CASE(
    "Pose: the mask lies on the person, to neither side: mirrored pictures have it mirrored") {
  PoseEstimator* estimator = test::estimator();
  if (estimator == nullptr) return;
  double off = 0;
  for (const char* name : {"person-1.jpg", "person-2.jpg", "person-3.jpg"}) {
    const image::Picture picture = test::photo(test::sample(name));
    const Pose pose = estimator->estimate(picture)->value();
    const Pose mirrored = estimator->estimate(selvage::test::mirrored(picture))->value();
    const double twice = middle_of_mask(pose) + middle_of_mask(mirrored) - picture.width;
    off += twice / 2 / (pose.roi.side / Mask::kSide) / 3;
  }
  CAPTURE(off);  // in samples; half a one when samples are taken for the middles of cells
  CHECK(std::abs(off) < 0.2);
}

TEST_CASE("Pose: is found again, the same to the bit, whatever was looked at between") {
  PoseEstimator* estimator = test::estimator();
  if (estimator == nullptr) return;
  const image::Picture picture = test::photo(test::sample("person-1.jpg"));
  const Pose first = estimator->estimate(picture)->value();
  (void)estimator->estimate(test::photo(test::sample("person-3.jpg")));
  (void)estimator->estimate(image::Picture::filled(50, 900, 3, 255));
  const Pose second = estimator->estimate(picture)->value();
  CHECK(mean_shift(first, second) == 0);
  CHECK(first.mask.values == second.mask.values);
  CHECK(first.grey.values == second.grey.values);
}

TEST_CASE("Pose: a large photo, decoded smaller, has the pose of the small one") {
  PoseEstimator* estimator = test::estimator();
  if (estimator == nullptr) return;
  const image::Picture picture = test::photo(test::sample("person-1.jpg"));
  const image::Picture large = image::resize(picture, {picture.width * 4, picture.height * 4});
  const std::string jpeg = *image::encode(large, image::Format::jpeg, {.quality = 90});
  const image::Picture decoded = *decode_photo(jpeg);
  CHECK(decoded.width * decoded.height <= 2'000'000);
  const Pose small = estimator->estimate(picture)->value();
  const Pose scaled = estimator->estimate(decoded)->value();
  const double shift = mean_shift(small, scaled);
  MESSAGE("mean shift " << 100 * shift << " % of the picture");
  CHECK(shift < 0.01);
}

image::Picture beside(const image::Picture& left, const image::Picture& right) {
  image::Picture both = image::Picture::filled(left.width + right.width, left.height, 3, 0);
  for (int y = 0; y < left.height; ++y) {
    std::ranges::copy(left.row(y), both.row(y).begin());
    if (y < right.height) {
      std::ranges::copy(right.row(y), both.row(y).begin() + left.row(y).size());
    }
  }
  return both;
}

TEST_CASE("Pose: two people side by side are two, whichever is described") {
  PoseEstimator* estimator = test::estimator();
  if (estimator == nullptr) return;
  const image::Picture one = test::photo(test::sample("person-1.jpg"));
  const image::Picture other = test::photo(test::sample("person-2.jpg"));
  CHECK(estimator->estimate(beside(one, other))->value().people == 2);
  CHECK(estimator->estimate(beside(one, one))->value().people == 2);
}

TEST_CASE("Pose: blank pictures, noise and slivers show nobody") {
  PoseEstimator* estimator = test::estimator();
  if (estimator == nullptr) return;
  std::minstd_rand random(1);
  image::Picture noise = image::Picture::filled(640, 480, 3, 0);
  for (auto& sample : noise.pixels) sample = static_cast<std::uint8_t>(random() >> 8);
  CHECK(!estimator->estimate(noise)->has_value());
  for (const int grey : {0, 128, 255}) {
    for (const auto& [width, height] : {std::pair{1, 1}, {1, 3000}, {3000, 1}, {640, 480}}) {
      const auto sample = static_cast<std::uint8_t>(grey);
      const auto pose = estimator->estimate(image::Picture::filled(width, height, 3, sample));
      REQUIRE(pose.has_value());
      CHECK(!pose->has_value());
    }
  }
}

}  // namespace
}  // namespace selvage::sizing
