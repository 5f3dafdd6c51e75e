// Light and shade on the torso: what one picture tells of how far a body reaches towards the
// camera.
//
// A grid from below the hips to the shoulders, from the middle outwards; both sides averaged, so
// neither the side the light comes from nor a mirrored picture changes it, and less the mean of its
// row, so colour, stripes and exposure count little.
#pragma once

#include <array>

#include "sizing/pose.hpp"

namespace selvage::sizing::detail {

struct Relief {
  static constexpr int kRows = 21, kColumns = 7;
  std::array<std::array<double, kColumns>, kRows> light{};  // logarithms of the light's ratio

  // How high a row lies: 0 at the landmarks of the hips, 1 at those of the shoulders.
  static constexpr double height(int row) { return -0.35 + 0.07 * row; }
};

// All zero without a picture or a torso in it. Pure, some ten microseconds.
[[nodiscard]] Relief find_relief(const Pose& pose);

}  // namespace selvage::sizing::detail
