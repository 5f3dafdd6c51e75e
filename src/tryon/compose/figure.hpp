// The person as a tailor measures one: middle line, shoulder line, sides, arms and legs, taken from
// the points of a body and its silhouette.
//
// Lengths are pixels of the picture. Side 0 is the viewer's left, whichever way the person faces.
// "Down" is along the middle line from between the shoulders (0) over the hips (`torso`) to the
// ankles; "aside" is square to it, negative to the viewer's left.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "tryon/body.hpp"
#include "tryon/compose/point.hpp"

namespace selvage::tryon {

// An arm or a leg: its joints, its width all the way, and whether it can be believed.
struct FigureLimb {
  Point root, bend, end, tip;  // shoulder, elbow, wrist, fingers; hip, knee, ankle, ankle
  Strip strip;                 // root to end, as wide as the silhouette shows it
  float half = 0;              // half the usual width of its upper part
  bool seen = false;
  bool behind = false;  // behind the trunk
};

class Figure {
 public:
  // Nothing when shoulders and hips do not make a torso that could be dressed.
  [[nodiscard]] static std::optional<Figure> measure(const Body& body, int width, int height);

  // 0..1, how surely the person is there.
  [[nodiscard]] float inside(Point p) const;
  [[nodiscard]] Point at(float aside, float down) const;
  // The other way round: x is aside, y is down.
  [[nodiscard]] Point local(Point p) const;
  // How far the trunk (below the hips: trunk and legs together) reaches to one side.
  [[nodiscard]] float reach(std::size_t side, float down) const;
  // How far down the shoulder's surface lies at `aside`; negative: above the joints.
  [[nodiscard]] float shoulder_line(float aside) const;

  float torso = 0;             // shoulders to hips
  float shoulders = 0;         // between the joints
  float neck_half = 0;         // half the neck's width
  float armpit = 0;            // down
  float waist = 0;             // down: where trousers begin
  float crotch = 0;            // down
  float ankles = 0;            // down
  bool upright = true;         // stands, legs below the trunk
  std::array<float, 2> tip{};  // aside (positive) where the shoulder ends
  Point head;                  // middle of the face
  float head_radius = 0;
  Point chin;
  std::array<FigureLimb, 2> arms, legs;

 private:
  void measure_arms(const Body& body);
  void measure_trunk();
  void measure_legs(const Body& body);
  void measure_head(const Body& body);
  void measure_shoulders();
  [[nodiscard]] float ray(Point from, Point direction, float most) const;
  [[nodiscard]] Strip along_limb(const FigureLimb& limb, std::size_t side, float half_root,
                                 float half_end) const;

  const Body* body_ = nullptr;  // only while measuring and asking: it outlives the figure
  float scale_x_ = 1, scale_y_ = 1;
  // The middle line: shoulders, hips, knees, ankles, with the way down to each.
  std::array<Point, 4> axis_{};
  Point down_{0, 1}, aside_{1, 0};  // of the torso, length 1
  std::array<float, 4> way_{};
  float step_ = 1;  // between rows, pixels
  std::array<std::vector<float>, 2> reach_;
  // How far the shoulder stands above the joints' line, from the neck (first) to its tip (last).
  static constexpr std::size_t kShoulderPoints = 9;
  std::array<std::array<float, kShoulderPoints>, 2> rise_{};
};

}  // namespace selvage::tryon
