// What a picture says about the pose of the person in it: 33 landmarks, the same in metres, and the
// person's silhouette. Plain values; how they are found is in pose_estimator.hpp.
//
// Left and right are the person's. "The picture" is the one given to the estimator: upright, and
// perhaps already smaller than the file it came from (see photo.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

namespace selvage::sizing {

// Indices into Pose::landmarks and Pose::world, with MediaPipe's names.
enum class LandmarkId {
  nose,
  left_eye_inner,
  left_eye,
  left_eye_outer,
  right_eye_inner,
  right_eye,
  right_eye_outer,
  left_ear,
  right_ear,
  mouth_left,
  mouth_right,
  left_shoulder,
  right_shoulder,
  left_elbow,
  right_elbow,
  left_wrist,
  right_wrist,
  left_pinky,
  right_pinky,
  left_index,
  right_index,
  left_thumb,
  right_thumb,
  left_hip,
  right_hip,
  left_knee,
  right_knee,
  left_ankle,
  right_ankle,
  left_heel,
  right_heel,
  left_foot_index,
  right_foot_index,
};

inline constexpr std::size_t kLandmarks = 33;

[[nodiscard]] std::string_view name(LandmarkId id);  // "left_shoulder"

// x and y in pixels of the picture (0,0 is its top left corner; a landmark may lie outside); z in
// the same scale, 0 at the middle of the hips, smaller is nearer to the camera. visibility: that it
// is not hidden, presence: that it lies inside the picture; both 0..1.
struct Landmark {
  float x = 0, y = 0, z = 0;
  float visibility = 0, presence = 0;
};

// Metres from the middle of the hips, axes as above; a guess of the model, without the person's
// height.
struct WorldLandmark {
  float x = 0, y = 0, z = 0;
  float visibility = 0;
};

// The upright square around the person that the landmark model looks at, in pixels of the picture.
// A point (u, v) of the square, both 0..1, lies in the picture at
//   centre + R(rotation) * ((u - 0.5) * side, (v - 0.5) * side),  R(a) = [cos a, -sin a; sin a, cos
//   a].
struct Roi {
  float centre_x = 0, centre_y = 0;
  float side = 0;
  float rotation = 0;  // radians, clockwise in the picture
};

// How surely each point of the square belongs to the person, 0..1, row after row from its top.
// Sample (column, row) lies at u = (column + 0.5) / kSide, v = (row + 0.5) / kSide.
struct Mask {
  static constexpr int kSide = 256;
  std::vector<float> values;  // exactly kSide * kSide

  // REQUIRES: 0 <= column, row < kSide.
  [[nodiscard]] float at(int column, int row) const {
    return values[static_cast<std::size_t>(row) * kSide + static_cast<std::size_t>(column)];
  }
};

struct Pose {
  float detection_score = 0;  // of the detector, that a person is there; at least 0.5
  float pose_score = 0;       // of the landmark model, that it sees one; above 0.5
  std::array<Landmark, kLandmarks> landmarks{};
  std::array<WorldLandmark, kLandmarks> world{};
  Roi roi;
  Mask mask;
  int image_width = 0, image_height = 0;  // of the picture, in pixels
  int people = 0;                         // that are to be seen; the clearest is described

  [[nodiscard]] const Landmark& operator[](LandmarkId id) const {
    return landmarks[static_cast<std::size_t>(id)];
  }
};

}  // namespace selvage::sizing
