// The body's own coordinates: x across, y along the axis of the body, one unit is its stature.
//
// y = 0 at the soles, 1 at the crown; x = 0 on the axis through the middles of ankles and
// shoulders, growing to the right of the picture. Everything measured in them is free of the
// camera's distance, the picture's size and a tilted camera; times the height it is centimetres.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "sizing/pose.hpp"

namespace selvage::sizing::detail {

struct Point {
  double x = 0, y = 0;

  friend Point operator+(Point a, Point b) { return {a.x + b.x, a.y + b.y}; }
  friend Point operator-(Point a, Point b) { return {a.x - b.x, a.y - b.y}; }
  friend Point operator*(Point a, double k) { return {a.x * k, a.y * k}; }
};

[[nodiscard]] double length(Point p);
[[nodiscard]] inline Point middle(Point a, Point b) { return (a + b) * 0.5; }

// Where the model means a landmark, in samples of the mask whose first lies at 0.5: the model
// counts in cells, the warp that feeds it in points (see MaskPlaces), half a sample apart.
[[nodiscard]] Point in_square(const Roi& roi, const Landmark& landmark);

class BodyFrame {
 public:
  // Borrows the pose, which must outlive the frame. Nothing when the landmarks lie on one spot or
  // the mask is missing: no body can be measured there.
  [[nodiscard]] static std::optional<BodyFrame> find(const Pose& pose);

  [[nodiscard]] Point landmark(LandmarkId id) const {
    return landmarks_[static_cast<std::size_t>(id)];
  }
  // The mask between its samples, bilinear; 0 outside.
  [[nodiscard]] double mask_at(Point body) const;
  // One sample of the mask, in statures: about 1/190.
  [[nodiscard]] double sample() const { return 1 / stature_; }
  // In pixels of the picture: where the mask shows that point of the body.
  [[nodiscard]] Point to_picture(Point body) const;
  // Of the axis against the picture's vertical, clockwise, degrees.
  [[nodiscard]] double tilt_degrees() const;

 private:
  explicit BodyFrame(const Pose& pose) : pose_(&pose) {}
  [[nodiscard]] double sampled(Point mask) const;
  [[nodiscard]] Point to_mask(Point body) const;
  [[nodiscard]] Point from_mask(Point mask) const;
  [[nodiscard]] double crown(Point from) const;
  [[nodiscard]] double sole(Point ankle, Point foot) const;

  const Pose* pose_;
  std::array<Point, kLandmarks> landmarks_{};
  // In samples of the mask: where (0, 0) lies, the unit vector upwards, and the stature.
  Point origin_, up_;
  double stature_ = 1;
};

}  // namespace selvage::sizing::detail
