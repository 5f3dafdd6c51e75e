#include "sizing/detail/landmarks.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numbers>

namespace selvage::sizing::detail {
namespace {

struct Heatmaps {
  std::vector<float> logits =
      std::vector<float>(std::size_t{kHeatmapSize} * kHeatmapSize * kPoints, -20);
  float& at(int column, int row, std::size_t landmark) {
    return logits[static_cast<std::size_t>(row * kHeatmapSize + column) * kPoints + landmark];
  }
};

TEST_CASE("Refinement: a sure heatmap moves the landmark to its centre of mass") {
  Heatmaps maps;
  maps.at(33, 20, 4) = 20;
  maps.at(35, 20, 4) = 20;
  const SquarePoint moved = refine({32.5F / 64, 21.9F / 64}, maps.logits, 4);
  CHECK(moved.x == doctest::Approx(34.0 / 64));
  CHECK(moved.y == doctest::Approx(20.0 / 64));
  const SquarePoint other = refine({32.5F / 64, 21.9F / 64}, maps.logits, 5);
  CHECK(other.x == 32.5F / 64);
}

TEST_CASE("Refinement: only seven by seven cells count, and only when one is sure") {
  Heatmaps maps;
  maps.at(36, 20, 0) = 20;  // four to the right
  CHECK(refine({32.5F / 64, 20.5F / 64}, maps.logits, 0).x == 32.5F / 64);
  CHECK(refine({33.5F / 64, 20.5F / 64}, maps.logits, 0).x == doctest::Approx(36.0 / 64));
  maps.at(36, 20, 0) = -0.01F;  // not half sure
  CHECK(refine({33.5F / 64, 20.5F / 64}, maps.logits, 0).x == 33.5F / 64);
}

TEST_CASE("Refinement: the window is cut at the edges, and what lies outside stays") {
  Heatmaps maps;
  maps.at(0, 0, 1) = 20;
  maps.at(63, 63, 1) = 20;
  CHECK(refine({0.2F / 64, 0.2F / 64}, maps.logits, 1).x == doctest::Approx(0));
  CHECK(refine({63.9F / 64, 63.9F / 64}, maps.logits, 1).y == doctest::Approx(63.0 / 64));
  for (const float outside :
       {-1.0F, 1.0F, 64.0F, 1e30F, -1e30F, std::numeric_limits<float>::infinity()}) {
    CHECK(refine({outside, 0.5F}, maps.logits, 1).x == outside);
    CHECK(refine({0.5F, outside}, maps.logits, 1).y == outside);
  }
  CHECK(std::isnan(refine({std::numeric_limits<float>::quiet_NaN(), 0}, maps.logits, 1).x));
}

TEST_CASE("Landmarks: from the square back into the picture, turned with it") {
  const Heatmaps maps;
  std::vector<float> points(kPoints * kPointValues), world(kPoints * kWorldValues);
  float* left_hip = points.data() + 23 * kPointValues;
  left_hip[0] = 192;  // a quarter of the side to the right of the centre
  left_hip[1] = 128;
  left_hip[2] = -64;
  left_hip[3] = 3;
  left_hip[4] = -3;
  world[23 * 3] = 0.1F;
  world[23 * 3 + 1] = 0.2F;
  world[23 * 3 + 2] = 0.3F;
  const LandmarkOutputs outputs{points, maps.logits, world};

  Pose pose{.roi = {.centre_x = 100, .centre_y = 50, .side = 40}};
  place_landmarks(outputs, pose);
  const Landmark& hip = pose[LandmarkId::left_hip];
  CHECK(hip.x == doctest::Approx(110));
  CHECK(hip.y == doctest::Approx(50));
  CHECK(hip.z == doctest::Approx(-10));
  CHECK(hip.visibility == doctest::Approx(1 / (1 + std::exp(-3.0))));
  CHECK(hip.presence == doctest::Approx(1 / (1 + std::exp(3.0))));
  CHECK(pose.landmarks[0].x == doctest::Approx(80));

  pose.roi.rotation = std::numbers::pi_v<float> / 2;  // right becomes down
  place_landmarks(outputs, pose);
  CHECK(pose[LandmarkId::left_hip].x == doctest::Approx(100));
  CHECK(pose[LandmarkId::left_hip].y == doctest::Approx(60));
  CHECK(pose.world[23].x == doctest::Approx(-0.2));
  CHECK(pose.world[23].y == doctest::Approx(0.1));
  CHECK(pose.world[23].z == doctest::Approx(0.3));
  CHECK(pose.world[23].visibility == pose[LandmarkId::left_hip].visibility);
}

TEST_CASE("Landmarks: names follow their numbers") {
  CHECK(name(LandmarkId::nose) == "nose");
  CHECK(name(LandmarkId::left_hip) == "left_hip");
  CHECK(static_cast<int>(LandmarkId::left_shoulder) == 11);
  CHECK(static_cast<int>(LandmarkId::left_hip) == 23);
  CHECK(static_cast<int>(LandmarkId::right_foot_index) == 32);
  CHECK(name(LandmarkId::right_foot_index) == "right_foot_index");
}

}  // namespace
}  // namespace selvage::sizing::detail
