#include "sizing/detail/relief.hpp"

#include <algorithm>
#include <cmath>

#include "sizing/detail/body_frame.hpp"

namespace selvage::sizing::detail {
namespace {

constexpr double kColumnApart = 0.05;  // in lengths of the trunk
constexpr double kDark = 8;            // of 255: below, differences are noise
constexpr double kInside = 0.5;        // of the mask
constexpr double kShortestTrunk = 10;  // in samples

// Bilinear, the border repeated.
template <class At>
double between(Point p, const At& at) {
  constexpr double kLast = Mask::kSide - 1.001;
  const double x = std::clamp(p.x, 0.0, kLast), y = std::clamp(p.y, 0.0, kLast);
  const int column = static_cast<int>(x), row = static_cast<int>(y);
  const double fx = x - column, fy = y - row;
  return (at(column, row) * (1 - fx) + at(column + 1, row) * fx) * (1 - fy) +
         (at(column, row + 1) * (1 - fx) + at(column + 1, row + 1) * fx) * fy;
}

class Torso {
 public:
  explicit Torso(const Pose& pose) : pose_(pose) {
    using enum LandmarkId;
    hips_ = middle(at(left_hip), at(right_hip));
    up_ = middle(at(left_shoulder), at(right_shoulder)) - hips_;
  }

  [[nodiscard]] bool is_seen() const {
    const double trunk = length(up_);
    return std::isfinite(hips_.x + hips_.y + trunk) && trunk >= kShortestTrunk;
  }

  // From the middle outwards to one side; beyond the body its last light goes on.
  [[nodiscard]] std::array<double, Relief::kColumns> half_row(double height, int side) const {
    std::array<double, Relief::kColumns> row{};
    const Point across{-up_.y * side, up_.x * side};
    for (int column = 0; column < Relief::kColumns; ++column) {
      const Point p = hips_ + up_ * height + across * (column * kColumnApart);
      const auto i = static_cast<std::size_t>(column);
      row[i] = column > 0 && !is_body(p) ? row[i - 1] : light(p);
    }
    return row;
  }

 private:
  [[nodiscard]] Point at(LandmarkId id) const {
    return in_square(pose_.roi, pose_[id]) - Point{0.5, 0.5};
  }
  [[nodiscard]] bool is_body(Point p) const {
    return between(p, [this](int x, int y) { return static_cast<double>(pose_.mask.at(x, y)); }) >
           kInside;
  }
  [[nodiscard]] double light(Point p) const {
    double sum = 0;
    for (const double dy : {-1, 0, 1})
      for (const double dx : {-1, 0, 1})
        sum += between(p + Point{dx, dy},
                       [this](int x, int y) { return static_cast<double>(pose_.grey.at(x, y)); });
    return std::log(sum / 9 + kDark);
  }

  const Pose& pose_;
  Point hips_, up_;
};

}  // namespace

Relief find_relief(const Pose& pose) {
  Relief relief;
  if (pose.grey.values.empty() || !(pose.roi.side > 0)) return relief;
  const Torso torso(pose);
  if (!torso.is_seen()) return relief;
  for (int i = 0; i < Relief::kRows; ++i) {
    const auto right = torso.half_row(Relief::height(i), 1);
    const auto left = torso.half_row(Relief::height(i), -1);
    double sum = -(right[0] + left[0]) / 2;  // the middle is in both
    for (const auto& half : {right, left})
      for (const double each : half) sum += each;
    const double mean = sum / (2 * Relief::kColumns - 1);
    auto& row = relief.light[static_cast<std::size_t>(i)];
    for (std::size_t c = 0; c < row.size(); ++c) row[c] = (right[c] + left[c]) / 2 - mean;
  }
  return relief;
}

}  // namespace selvage::sizing::detail
