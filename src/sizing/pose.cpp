#include "sizing/pose.hpp"

#include <cmath>

namespace selvage::sizing {
namespace {

constexpr std::array<std::string_view, kLandmarks> kNames{
    "nose",        "left_eye_inner",  "left_eye",        "left_eye_outer", "right_eye_inner",
    "right_eye",   "right_eye_outer", "left_ear",        "right_ear",      "mouth_left",
    "mouth_right", "left_shoulder",   "right_shoulder",  "left_elbow",     "right_elbow",
    "left_wrist",  "right_wrist",     "left_pinky",      "right_pinky",    "left_index",
    "right_index", "left_thumb",      "right_thumb",     "left_hip",       "right_hip",
    "left_knee",   "right_knee",      "left_ankle",      "right_ankle",    "left_heel",
    "right_heel",  "left_foot_index", "right_foot_index"};

}  // namespace

// As the warp that made the square samples: pixels by their indices, so that sample 0 is the pixel
// at the square's corner. Against the edges of 50 rendered people the mask lies within a tenth of a
// sample of this, in both directions.
MaskPlaces::MaskPlaces(const Roi& roi)
    : x_(roi.centre_x + 0.5F),
      y_(roi.centre_y + 0.5F),
      cosine_(std::cos(roi.rotation) * Mask::kSide / roi.side),
      sine_(std::sin(roi.rotation) * Mask::kSide / roi.side) {}

std::string_view name(LandmarkId id) { return kNames[static_cast<std::size_t>(id)]; }

}  // namespace selvage::sizing
