// Breadths of the torso, legs and arms along the body, from the mask, with the arms cut off.
#pragma once

#include <array>
#include <vector>

#include "sizing/detail/body_frame.hpp"

namespace selvage::sizing::detail {

// How far the edge of the torso lies from its middle at one height, on one side.
struct Edge {
  double x = 0;         // in statures, from the axis
  bool is_cut = false;  // an arm hides it: where the arm is known to begin, not where the mask ends
  // Between these it can only lie when it is cut.
  double nearest = 0, farthest = 0;
};

struct Row {
  double y = 0;      // height in statures
  Edge left, right;  // of the picture: left.x < right.x
  [[nodiscard]] double breadth() const { return right.x - left.x; }
  [[nodiscard]] double middle() const { return (left.x + right.x) / 2; }
};

class Outline {
 public:
  explicit Outline(const BodyFrame& frame);

  // The torso at height `y`: sub-pixel, without arms and hands; below the crotch from the outer
  // edge of one leg to that of the other.
  [[nodiscard]] Row torso(double y) const;
  // Everything the mask shows around the axis at height `y`, arms included.
  [[nodiscard]] double overall_breadth(double y) const;
  // Mean horizontal breadth of both legs at height `y`; the gap between the legs, when closed,
  // counts as lying in the middle.
  [[nodiscard]] double leg_breadth(double y) const;
  // Mean thickness of both arms across the bone; `along` runs from 0 at the shoulder over 1 at the
  // elbow to 2 at the wrist. Where the torso touches, twice the outer half.
  [[nodiscard]] double arm_thickness(double along) const;
  // Height at which the gap between the legs ends, and whether there is a gap at all (when not,
  // the height is guessed from the landmarks).
  struct Crotch {
    double y = 0;
    bool seen = false;
  };
  [[nodiscard]] Crotch crotch() const;

 private:
  struct Limb {
    std::array<Point, 4> points;  // from the torso outwards
    std::size_t count = 0;
  };
  [[nodiscard]] Edge edge(double y, int side) const;
  [[nodiscard]] double walk(Point from, Point direction, double most) const;
  [[nodiscard]] double centre(double y) const;
  [[nodiscard]] double leg_centre(double y, int side) const;

  const BodyFrame& frame_;
  // [0]: on the left of the picture, [1]: on the right; whichever limbs of the person these are.
  std::array<Limb, 2> arms_, legs_;
  Point shoulders_, hips_, knees_;
};

}  // namespace selvage::sizing::detail
