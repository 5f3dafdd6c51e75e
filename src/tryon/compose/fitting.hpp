// Where each part of a garment comes to lie on a person.
#pragma once

#include <array>

#include "tryon/compose/drape.hpp"
#include "tryon/compose/figure.hpp"
#include "tryon/compose/pattern.hpp"

namespace selvage::tryon {

struct Fitted {
  Net trunk;                          // of trousers: from the waistband to where the legs part
  std::array<Net, 2> limbs;           // sleeves or legs; empty when there are none
  std::array<bool, 2> behind{};       // the limb passes behind the trunk
  float hem = 0;                      // Figure's "down" where it ends
  float top = 0;                      // and where it begins, in the middle
  std::array<float, 2> sleeve_end{};  // pixels along the arm that are covered; 0 without sleeves
};

// `old_hem`: how far down the clothes reach that it has to hide; 0 when unknown.
[[nodiscard]] Fitted fit(const Pattern& pattern, const Figure& figure, float old_hem);

}  // namespace selvage::tryon
