#include "sizing/detail/outline.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace selvage::sizing::detail {
namespace {

constexpr double kInside = 0.5;
// Step of a walk over the mask, in its samples; edges are interpolated between steps.
constexpr double kStep = 0.25;
// Half the thickness of an arm, in statures, where it is not seen apart from the torso.
constexpr double kArmRadius = 0.025;
constexpr double kHandByKnuckles = 1.9;
// A dip of the mask between torso and arm that is not deep enough to be a gap but is one.
constexpr double kDip = 0.93;

double cross_at(Point a, Point b, double y) { return a.x + (b.x - a.x) * (y - a.y) / (b.y - a.y); }

}  // namespace

Outline::Outline(const BodyFrame& frame) : frame_(frame) {
  using enum LandmarkId;
  auto the = [&](LandmarkId id) { return frame.landmark(id); };
  auto arm = [&](LandmarkId shoulder, LandmarkId elbow, LandmarkId wrist, LandmarkId index,
                 LandmarkId pinky) {
    // The hand's landmarks are its knuckles: the fingers reach as far again.
    const Point knuckles = middle(the(index), the(pinky));
    const Point tips = the(wrist) + (knuckles - the(wrist)) * kHandByKnuckles;
    return Limb{{the(shoulder), the(elbow), the(wrist), tips}, 4};
  };
  auto leg = [&](LandmarkId hip, LandmarkId knee, LandmarkId ankle) {
    return Limb{{the(hip), the(knee), the(ankle), the(ankle)}, 3};
  };
  arms_ = {arm(left_shoulder, left_elbow, left_wrist, left_index, left_pinky),
           arm(right_shoulder, right_elbow, right_wrist, right_index, right_pinky)};
  legs_ = {leg(left_hip, left_knee, left_ankle), leg(right_hip, right_knee, right_ankle)};
  if (arms_[0].points[0].x > arms_[1].points[0].x) std::swap(arms_[0], arms_[1]);
  if (legs_[0].points[0].x > legs_[1].points[0].x) std::swap(legs_[0], legs_[1]);
  shoulders_ = middle(arms_[0].points[0], arms_[1].points[0]);
  hips_ = middle(legs_[0].points[0], legs_[1].points[0]);
  knees_ = middle(legs_[0].points[1], legs_[1].points[1]);
}

double Outline::centre(double y) const {
  if (std::abs(shoulders_.y - hips_.y) < 0.05) return hips_.x;
  const double t = std::clamp((y - hips_.y) / (shoulders_.y - hips_.y), -0.2, 1.2);
  return hips_.x + t * (shoulders_.x - hips_.x);
}

double Outline::leg_centre(double y, int side) const {
  const auto& p = legs_[static_cast<std::size_t>(side)].points;
  const std::size_t upper = y > p[1].y ? 0 : 1;
  if (std::abs(p[upper].y - p[upper + 1].y) < 0.02) return p[upper].x;
  const double t = std::clamp((y - p[upper].y) / (p[upper + 1].y - p[upper].y), 0.0, 1.2);
  return p[upper].x + t * (p[upper + 1].x - p[upper].x);
}

// How far from `from` along the unit vector `direction` the mask ends, at most `most`.
double Outline::walk(Point from, Point direction, double most) const {
  const double step = kStep * frame_.sample();
  double before = frame_.mask_at(from);
  if (before < kInside) return 0;
  for (double d = step; d < most; d += step) {
    const double here = frame_.mask_at(from + direction * d);
    if (here < kInside) return d - step * (kInside - here) / std::max(before - here, 1e-6);
    before = here;
  }
  return most;
}

Edge Outline::edge(double y, int side) const {
  const int sign = side == 0 ? -1 : 1;
  const bool on_leg = y < hips_.y;
  const double from = on_leg ? leg_centre(y, side) : centre(y);
  const double widest = 0.3;
  const double seen = walk({from, y}, {static_cast<double>(sign), 0}, widest);

  // The arm's bone nearest to the torso at this height, and half of its breadth there.
  const auto& p = arms_[static_cast<std::size_t>(side)].points;
  std::optional<double> bone;
  double radius = kArmRadius;
  for (std::size_t i = 0; i + 1 < p.size(); ++i) {
    const double low = std::min(p[i].y, p[i + 1].y), high = std::max(p[i].y, p[i + 1].y);
    if (y < low || y > high || high - low < 1e-4) continue;
    const double away = (cross_at(p[i], p[i + 1], y) - from) * sign;
    if (bone && away >= *bone) continue;
    bone = away;
    const double slope = (p[i + 1].x - p[i].x) / (p[i + 1].y - p[i].y);
    radius = kArmRadius * std::min(std::hypot(1, slope), 2.0);
  }
  if (!bone || *bone <= 0 || seen <= *bone - radius) {
    const double x = from + sign * seen;
    return {x, false, x, x};
  }

  // Torso and arm are one in the mask: cut where it is thinnest between them, else by the bone.
  const double begin = std::max(*bone - 2.2 * radius, *bone * 0.5);
  const double step = kStep * frame_.sample();
  double thinnest = 1, at = 0;
  for (double d = begin; d <= *bone; d += step) {
    const double here = frame_.mask_at({from + sign * d, y});
    if (here < thinnest) thinnest = here, at = d;
  }
  const bool dips = thinnest < kDip && at > begin + step && at < *bone - step;
  const double cut = dips ? at : std::max(*bone - radius, *bone * 0.5);
  return {from + sign * cut, true, from + sign * std::max(cut - radius / 2, 0.0),
          from + sign * std::max(*bone, cut)};
}

Row Outline::torso(double y) const {
  Row row{y, edge(y, 0), edge(y, 1)};
  // Bodies are alike on both sides: an edge behind an arm lies where the other one's image does, as
  // far as the arm leaves room for it.
  if (row.left.is_cut != row.right.is_cut) {
    Edge& cut = row.left.is_cut ? row.left : row.right;
    const Edge& seen = row.left.is_cut ? row.right : row.left;
    const double middle = centre(y);
    cut.x = std::clamp(2 * middle - seen.x, std::min(cut.nearest, cut.farthest),
                       std::max(cut.nearest, cut.farthest));
  }
  return row;
}

double Outline::overall_breadth(double y) const {
  const Point from{centre(y), y};
  return walk(from, {-1, 0}, 0.5) + walk(from, {1, 0}, 0.5);
}

double Outline::leg_breadth(double y) const {
  const double centres[2] = {leg_centre(y, 0), leg_centre(y, 1)};
  const double half_gap = std::max(0.0, (centres[1] - centres[0]) / 2);
  double sum = 0;
  for (int side = 0; side < 2; ++side) {
    const double outward = side == 0 ? -1 : 1;
    sum += walk({centres[side], y}, {outward, 0}, 0.15) +
           walk({centres[side], y}, {-outward, 0}, half_gap);
  }
  return sum / 2;
}

double Outline::arm_thickness(double along) const {
  double sum = 0;
  for (std::size_t side = 0; side < 2; ++side) {
    const auto& p = arms_[side].points;
    const std::size_t i = along < 1 ? 0 : 1;
    const double t = along - static_cast<double>(i);
    const Point from = p[i] + (p[i + 1] - p[i]) * t;
    const Point bone = p[i + 1] - p[i];
    const double norm = std::max(length(bone), 1e-6);
    Point outward{-bone.y / norm, bone.x / norm};
    if ((side == 0) == (outward.x > 0)) outward = outward * -1;
    const double most = 0.06;
    const double outer = walk(from, outward, most), inner = walk(from, outward * -1, most);
    sum += inner >= most ? 2 * outer : outer + inner;
  }
  return sum / 2;
}

Outline::Crotch Outline::crotch() const {
  // From half-way between knees and hips: down first when the thighs touch there, then up to where
  // the gap ends.
  const double step = kStep * frame_.sample();
  auto gap = [&](double y) {
    // the thinnest place of the mask between the legs' bones
    const double from = leg_centre(y, 0), to = leg_centre(y, 1);
    double least = 1;
    for (int i = 4; i <= 16; ++i)
      least = std::min(least, frame_.mask_at({from + (to - from) * i / 20, y}));
    return least;
  };
  double y = knees_.y;
  double before = gap(y);
  const double guess = hips_.y - 0.045;
  if (before >= kInside) return {guess, false};
  for (; y < hips_.y; y += step) {
    const double here = gap(y);
    if (here >= kInside) return {y - step * (here - kInside) / std::max(here - before, 1e-6), true};
    before = here;
  }
  return {guess, false};
}

}  // namespace selvage::sizing::detail
