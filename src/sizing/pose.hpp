// What a picture says about the pose of the person in it: 33 landmarks, the same in metres, and the
// person's silhouette. Plain values; how they are found is in pose_estimator.hpp.
//
// Left and right are the person's. "The picture" is the one given to the estimator: upright, and
// perhaps already smaller than the file it came from (see photo.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
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

// Something known at each point of the square, row after row from its top. Where sample (column,
// row) lies in the picture, MaskPlaces says: the model looks at points, so that is no middle of a
// cell.
template <class Value>
struct SquareOf {
  static constexpr int kSide = 256;
  std::vector<Value> values;  // exactly kSide * kSide, or none

  // REQUIRES: 0 <= column, row < kSide.
  [[nodiscard]] Value at(int column, int row) const {
    return values[static_cast<std::size_t>(row) * kSide + static_cast<std::size_t>(column)];
  }
};
// How surely each point belongs to the person, 0..1.
using Mask = SquareOf<float>;
// The picture's light as the landmark model saw it, 0..255.
using Grey = SquareOf<std::uint8_t>;

// Finds a point of the picture in the square: which sample shows it, with fractions between
// samples; it may lie outside of the square. Points are in pixels: (0, 0) is the picture's corner,
// (0.5, 0.5) the middle of its first pixel. REQUIRES: roi.side > 0.
class MaskPlaces {
 public:
  struct Place {
    float column = 0, row = 0;
  };
  explicit MaskPlaces(const Roi& roi);
  [[nodiscard]] Place of(float x, float y) const {
    const float dx = x - x_, dy = y - y_;
    return {cosine_ * dx + sine_ * dy + kMiddle, cosine_ * dy - sine_ * dx + kMiddle};
  }

 private:
  static constexpr float kMiddle = Mask::kSide / 2.0F;
  float x_, y_;          // of the square's middle sample
  float cosine_, sine_;  // times samples a pixel
};

struct Pose {
  float detection_score = 0;  // of the detector, that a person is there; at least 0.5
  float pose_score = 0;       // of the landmark model, that it sees one; above 0.5
  std::array<Landmark, kLandmarks> landmarks{};
  std::array<WorldLandmark, kLandmarks> world{};
  Roi roi;
  Mask mask;
  Grey grey;
  int image_width = 0, image_height = 0;  // of the picture, in pixels
  int people = 0;                         // that are to be seen; the clearest is described

  [[nodiscard]] const Landmark& operator[](LandmarkId id) const {
    return landmarks[static_cast<std::size_t>(id)];
  }
};

}  // namespace selvage::sizing
