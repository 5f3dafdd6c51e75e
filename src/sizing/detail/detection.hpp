// What the pose detector's outputs mean: anchors, boxes, and which boxes are one person.
//
// Constants and formulas are MediaPipe's (modules/pose_detection/pose_detection_cpu.pbtxt;
// calculators ssd_anchors, tensors_to_detections, non_max_suppression,
// alignment_points_to_rects, rect_transformation).
#pragma once

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "sizing/pose.hpp"

namespace selvage::sizing::detail {

inline constexpr int kDetectorSize = 224;  // side of the detector's input
inline constexpr std::size_t kAnchors = 2254;
inline constexpr std::size_t kBoxValues = 12;  // centre, size, and four points, x first

struct Point {
  float x = 0, y = 0;
};

// In parts of the detector's input, 0..1.
struct Detection {
  float score = 0;
  float left = 0, top = 0, right = 0, bottom = 0;
  // Middle of the hips, a point on the circle around the whole body; the same for the upper body.
  std::array<Point, 4> points{};
};

// The centres of the anchors, in the order of the detector's outputs.
[[nodiscard]] const std::array<Point, kAnchors>& anchors();

// The boxes of at least `least_score`. REQUIRES: boxes.size() == kAnchors * kBoxValues and
// logits.size() == kAnchors.
[[nodiscard]] std::vector<Detection> decode_detections(std::span<const float> boxes,
                                                       std::span<const float> logits,
                                                       float least_score);

// Intersection over union; 0 for boxes without area.
[[nodiscard]] float overlap(const Detection& a, const Detection& b);

// Weighted suppression: the best detection and all that overlap it by more than `same` become one,
// their mean weighted by score; then the best of the rest, and so on. Best first.
[[nodiscard]] std::vector<Detection> merge_detections(std::vector<Detection> all, float same);

// Score from which a detection beside the best counts as somebody else. Low, since the detector is
// shy of people who stand behind or are cut off (0.13 to 0.19 in a picture of cyclists), and sure
// of who stands alone: in 300 pictures of one person nothing else reached 0.05.
inline constexpr float kLeastOtherScore = 0.15F;

// How many people the detections show, at least 1: those whose hips are apart. REQUIRES: not empty.
[[nodiscard]] int count_people(std::vector<Detection> all);

// The square that the detector looks at: around the middle of the picture, as long as its longer
// side.
[[nodiscard]] Roi letterbox(int width, int height);

// The upright square around the whole body, in pixels of a picture of that size; nothing when the
// detection has no extent, or lies beyond all numbers.
[[nodiscard]] std::optional<Roi> body_roi(const Detection& detection, int width, int height);

}  // namespace selvage::sizing::detail
