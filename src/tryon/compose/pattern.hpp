// What a garment is made of: its trunk, sleeves or legs, with the points where they meet, read off
// its silhouette.
//
// Lengths are pixels of the garment's picture. Side 0 is the viewer's left.
#pragma once

#include <array>
#include <vector>

#include "tryon/compose/point.hpp"
#include "tryon/compose/silhouette.hpp"

namespace selvage::tryon {

enum class Cut {
  top,       // hangs from the shoulders: shirts, coats, dresses
  skirt,     // hangs from the waist
  trousers,  // with two legs
};

struct Pattern {
  Cut cut = Cut::top;
  float axis = 0;                           // x of the middle line
  float top = 0, bottom = 0;                // first row and the row behind the last
  std::array<std::vector<float>, 2> reach;  // trunk edge for each row, from the axis outwards
  std::array<Strip, 2> limbs;               // sleeves, or legs of trousers

  // Tops. Where the shoulder ends and where the sleeve meets the side, as x from the axis and y.
  std::array<Point, 2> tip, armpit;
  std::array<float, 2> slope{};  // of the shoulder: rows up for a step towards the neck
  float neck_half = 0;           // half the width of the neck opening
  bool bare_shoulders = false;   // it starts below them

  float crotch = 0;  // trousers: where the legs part

  [[nodiscard]] float reach_at(std::size_t side, float row) const;
  // The row of the shoulder's line at `aside` from the axis (negative: side 0); collars stand above
  // it.
  [[nodiscard]] float shoulder_line(float aside) const;
  [[nodiscard]] bool sleeved(std::size_t side) const {
    return cut == Cut::top && limbs[side].present();
  }
};

// REQUIRES: a mask that is one connected part and at least 16 rows high.
[[nodiscard]] Pattern read_pattern(const Mask& mask);

// Parts of the above.
// From the armhole (tip to armpit) to the cuff, in the picture's coordinates; empty when what lies
// outside the armhole is no sleeve. `reach` as in Pattern.
[[nodiscard]] Strip trace_sleeve(const Mask& mask, const Pattern& pattern, std::size_t side);
// Whether it starts at the waist; fills what a skirt or trousers have.
[[nodiscard]] bool read_lower(const Mask& mask, Pattern& pattern);

}  // namespace selvage::tryon
