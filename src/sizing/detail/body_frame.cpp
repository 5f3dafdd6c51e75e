#include "sizing/detail/body_frame.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace selvage::sizing::detail {
namespace {

constexpr double kInside = 0.5;  // of the mask: the edge of the body
constexpr double kStep = 0.25;   // in samples of the mask
// A body shorter than this in the mask cannot be measured, and no landmark model looks at one.
constexpr double kShortestBody = 40;

Point across(Point up) { return {-up.y, up.x}; }

}  // namespace

double length(Point p) { return std::hypot(p.x, p.y); }

double BodyFrame::sampled(Point p) const {
  const double x = p.x - 0.5, y = p.y - 0.5;
  const int column = static_cast<int>(std::floor(x)), row = static_cast<int>(std::floor(y));
  if (column < 0 || row < 0 || column + 1 >= Mask::kSide || row + 1 >= Mask::kSide) return 0;
  const double fx = x - column, fy = y - row;
  const Mask& mask = pose_->mask;
  return (mask.at(column, row) * (1 - fx) + mask.at(column + 1, row) * fx) * (1 - fy) +
         (mask.at(column, row + 1) * (1 - fx) + mask.at(column + 1, row + 1) * fx) * fy;
}

Point BodyFrame::to_mask(Point body) const {
  return origin_ + across(up_) * (body.x * stature_) + up_ * (body.y * stature_);
}

double BodyFrame::mask_at(Point body) const { return sampled(to_mask(body)); }

Point BodyFrame::to_picture(Point body) const {
  const Roi& roi = pose_->roi;
  const Point sample = to_mask(body) - Point{0.5, 0.5};
  const Point m = sample * (1.0 / Mask::kSide) - Point{0.5, 0.5};
  const double c = std::cos(roi.rotation), s = std::sin(roi.rotation);
  return {roi.centre_x + (c * m.x - s * m.y) * roi.side + 0.5,
          roi.centre_y + (s * m.x + c * m.y) * roi.side + 0.5};
}

Point in_square(const Roi& roi, const Landmark& landmark) {
  const double c = std::cos(roi.rotation), s = std::sin(roi.rotation);
  const double dx = landmark.x - roi.centre_x, dy = landmark.y - roi.centre_y;
  return Point{(c * dx + s * dy) / roi.side + 0.5, (c * dy - s * dx) / roi.side + 0.5} *
         Mask::kSide;
}

Point BodyFrame::from_mask(Point mask) const {
  const Point right = across(up_), d = mask - origin_;
  return Point{d.x * right.x + d.y * right.y, d.x * up_.x + d.y * up_.y} * (1 / stature_);
}

double BodyFrame::tilt_degrees() const {
  return (std::atan2(up_.x, -up_.y) + pose_->roi.rotation) * 180 / std::numbers::pi;
}

// How far above `from`, along the axis, the mask ends.
double BodyFrame::crown(Point from) const {
  constexpr double kHalfHead = 5;
  auto inside = [&](double up) {
    double most = 0;
    for (double x = -kHalfHead; x <= kHalfHead; x += 1)
      most = std::max(most, sampled(from + up_ * up + across(up_) * x));
    return most;
  };
  double before = inside(0);
  if (before < kInside) return 0;
  for (double up = kStep; up < Mask::kSide; up += kStep) {
    const double here = inside(up);
    if (here < kInside) return up - kStep * (kInside - here) / std::max(before - here, 1e-6);
    before = here;
  }
  return 0;
}

// How far below `ankle`, along the axis, the mask ends; the landmark of the foot when it shows
// nothing there.
double BodyFrame::sole(Point ankle, Point foot) const {
  const Point right = across(up_);
  const double reach = (foot - ankle).x * right.x + (foot - ankle).y * right.y;
  const double from = std::min(0.0, reach) - 4, to = std::max(0.0, reach) + 4;
  auto inside = [&](double down) {
    double most = 0;
    for (double x = from; x <= to; x += 1)
      most = std::max(most, sampled(ankle + right * x - up_ * down));
    return most;
  };
  const double guess = -((foot - ankle).x * up_.x + (foot - ankle).y * up_.y);
  double before = inside(0);
  for (double down = kStep; before >= kInside && down < 60; down += kStep) {
    const double here = inside(down);
    if (here < kInside) return down - kStep * (kInside - here) / std::max(before - here, 1e-6);
    before = here;
  }
  return std::max(0.0, guess);
}

std::optional<BodyFrame> BodyFrame::find(const Pose& pose) {
  if (pose.mask.values.size() != std::size_t{Mask::kSide} * Mask::kSide || !(pose.roi.side > 0))
    return std::nullopt;
  BodyFrame frame(pose);
  // Landmarks in samples of the mask.
  std::array<Point, kLandmarks> at{};
  for (std::size_t i = 0; i < kLandmarks; ++i) {
    at[i] = in_square(pose.roi, pose.landmarks[i]);
    if (!std::isfinite(at[i].x) || !std::isfinite(at[i].y)) return std::nullopt;
  }
  auto the = [&](LandmarkId id) { return at[static_cast<std::size_t>(id)]; };
  using enum LandmarkId;
  const Point shoulders = middle(the(left_shoulder), the(right_shoulder));
  const Point ankles = middle(the(left_ankle), the(right_ankle));
  const double trunk = length(shoulders - ankles);
  if (trunk < kShortestBody / 2) return std::nullopt;
  frame.up_ = (shoulders - ankles) * (1 / trunk);

  const Point head = middle(the(left_ear), the(right_ear));
  const double crown = frame.crown(head);
  const double soles = (frame.sole(the(left_ankle), the(left_foot_index)) +
                        frame.sole(the(right_ankle), the(right_foot_index))) /
                       2;
  const Point above = head - ankles;
  frame.stature_ = above.x * frame.up_.x + above.y * frame.up_.y + crown + soles;
  if (!(frame.stature_ >= kShortestBody)) return std::nullopt;
  frame.origin_ = ankles - frame.up_ * soles;

  for (std::size_t i = 0; i < kLandmarks; ++i) frame.landmarks_[i] = frame.from_mask(at[i]);
  return frame;
}

}  // namespace selvage::sizing::detail
