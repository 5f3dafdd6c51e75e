// What the local provider may be told about the person in a picture: points of the body and a
// silhouette. Who finds them is not this room's business; the composition of the program passes a
// BodyFinder in.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "base/task.hpp"
#include "base/task_function.hpp"
#include "image/picture.hpp"

namespace selvage::tryon {

// Indices into Body::points, which has MediaPipe's 33 landmarks in MediaPipe's order. Left and
// right are the person's. Those that dressing needs:
enum class BodyPart {
  nose = 0,
  left_eye = 2,
  right_eye = 5,
  left_ear = 7,
  right_ear = 8,
  mouth_left = 9,
  mouth_right = 10,
  left_shoulder = 11,
  right_shoulder = 12,
  left_elbow = 13,
  right_elbow = 14,
  left_wrist = 15,
  right_wrist = 16,
  left_index = 19,
  right_index = 20,
  left_hip = 23,
  right_hip = 24,
  left_knee = 25,
  right_knee = 26,
  left_ankle = 27,
  right_ankle = 28,
};

// x and y in pixels of the picture, perhaps outside it; z in the same scale, 0 between the hips and
// smaller towards the camera. visibility 0..1: that nothing hides it.
struct BodyPoint {
  float x = 0, y = 0, z = 0;
  float visibility = 0;
};

struct Body {
  static constexpr std::size_t kPoints = 33;
  std::array<BodyPoint, kPoints> points{};
  // How surely each place is the person, 0..255, row after row, stretched over the whole picture.
  // Fewer columns than the picture has pixels will do: 256 to 512 on the longer side.
  int columns = 0, rows = 0;
  std::vector<std::uint8_t> silhouette;  // columns * rows

  [[nodiscard]] const BodyPoint& operator[](BodyPart part) const {
    return points[static_cast<std::size_t>(part)];
  }
};

// Finds the person in an RGB picture; nothing when there is none. May be called on any loop;
// resumes there. Errors are the finder's own (models missing, too busy).
using BodyFinder = TaskFunction<Task<Result<std::optional<Body>>>(image::Picture)>;

}  // namespace selvage::tryon
