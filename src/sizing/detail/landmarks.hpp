// What the landmark model's outputs mean, brought back into the picture.
//
// Formulas are MediaPipe's (calculators tensors_to_landmarks, refine_landmarks_from_heatmap,
// landmark_projection, world_landmark_projection).
#pragma once

#include <span>

#include "sizing/pose.hpp"

namespace selvage::sizing::detail {

inline constexpr int kLandmarkSize = 256;       // side of the landmark model's input
inline constexpr int kHeatmapSize = 64;         // side of its heatmaps, one for each landmark
inline constexpr std::size_t kPoints = 39;      // 33 that are told, the others are for video
inline constexpr std::size_t kPointValues = 5;  // x, y, z, and logits of visibility and presence
inline constexpr std::size_t kWorldValues = 3;

struct LandmarkOutputs {
  std::span<const float> points;    // kPoints * kPointValues, in pixels of the input
  std::span<const float> heatmaps;  // kHeatmapSize * kHeatmapSize * kPoints logits
  std::span<const float> world;     // kPoints * kWorldValues, metres
};

// A place in the square, 0..1, moved to the centre of mass of its heatmap around it when that is
// sure enough; as it was when it lies outside. REQUIRES: landmark < kPoints.
struct SquarePoint {
  float x = 0, y = 0;
};
[[nodiscard]] SquarePoint refine(SquarePoint point, std::span<const float> heatmaps,
                                 std::size_t landmark);

// Fills the landmarks, world and otherwise, of a pose whose roi is set.
// REQUIRES: spans of the sizes above.
void place_landmarks(const LandmarkOutputs& outputs, Pose& pose);

}  // namespace selvage::sizing::detail
