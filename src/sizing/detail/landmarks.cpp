#include "sizing/detail/landmarks.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"

namespace selvage::sizing::detail {
namespace {

constexpr int kWindow = 3;          // cells around the place, in each direction
constexpr float kLeastSure = 0.5F;  // of the best cell, for the heatmap to count

float sigmoid(float logit) { return 1 / (1 + std::exp(-logit)); }

}  // namespace

SquarePoint refine(SquarePoint point, std::span<const float> heatmaps, std::size_t landmark) {
  const float across = point.x * kHeatmapSize, down = point.y * kHeatmapSize;
  // Truncated like MediaPipe's integers, so a little above and left of the map counts as its edge.
  const bool inside = across > -1 && down > -1 && across < kHeatmapSize && down < kHeatmapSize;
  if (!inside) return point;
  const int column = static_cast<int>(across), row = static_cast<int>(down);
  float total = 0, best = 0, sum_x = 0, sum_y = 0;
  const int last_y = std::min(kHeatmapSize, row + kWindow + 1);
  const int last_x = std::min(kHeatmapSize, column + kWindow + 1);
  for (int y = std::max(0, row - kWindow); y < last_y; ++y) {
    for (int x = std::max(0, column - kWindow); x < last_x; ++x) {
      const auto cell = static_cast<std::size_t>(y * kHeatmapSize + x);
      const float sure = sigmoid(heatmaps[cell * kPoints + landmark]);
      total += sure;
      best = std::max(best, sure);
      sum_x += static_cast<float>(x) * sure;
      sum_y += static_cast<float>(y) * sure;
    }
  }
  if (!(best >= kLeastSure && total > 0)) return point;
  return {sum_x / kHeatmapSize / total, sum_y / kHeatmapSize / total};
}

void place_landmarks(const LandmarkOutputs& outputs, Pose& pose) {
  SELVAGE_CHECK(outputs.points.size() == kPoints * kPointValues);
  SELVAGE_CHECK(outputs.heatmaps.size() == std::size_t{kHeatmapSize} * kHeatmapSize * kPoints);
  SELVAGE_CHECK(outputs.world.size() == kPoints * kWorldValues);
  const Roi& roi = pose.roi;
  const float cosine = std::cos(roi.rotation), sine = std::sin(roi.rotation);
  for (std::size_t i = 0; i < kLandmarks; ++i) {
    const float* raw = outputs.points.data() + i * kPointValues;
    const SquarePoint at =
        refine({raw[0] / kLandmarkSize, raw[1] / kLandmarkSize}, outputs.heatmaps, i);
    const float x = (at.x - 0.5F) * roi.side, y = (at.y - 0.5F) * roi.side;
    Landmark& landmark = pose.landmarks[i];
    landmark.x = roi.centre_x + cosine * x - sine * y;
    landmark.y = roi.centre_y + sine * x + cosine * y;
    landmark.z = raw[2] / kLandmarkSize * roi.side;
    landmark.visibility = sigmoid(raw[3]);
    landmark.presence = sigmoid(raw[4]);

    const float* metres = outputs.world.data() + i * kWorldValues;
    pose.world[i] = {.x = cosine * metres[0] - sine * metres[1],
                     .y = sine * metres[0] + cosine * metres[1],
                     .z = metres[2],
                     .visibility = landmark.visibility};
  }
}

}  // namespace selvage::sizing::detail
