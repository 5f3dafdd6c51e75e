// The shape of a body or of a garment, said in the same words, so that one can be laid onto the
// other.
//
// Lengths are pixels of the picture the shape belongs to. "Left" and "right" are the viewer's.
#pragma once

#include <array>
#include <vector>

namespace selvage::tryon {

// An arm or a sleeve, row by row: it hangs down, at any angle below the horizontal.
struct Limb {
  int first_row = 0;          // of the picture; row i below is first_row + i
  std::vector<float> centre;  // x of the middle
  std::vector<float> half;    // half its width along the row, never 0
  std::vector<float> along;   // way along the middle line from the shoulder
  std::vector<float> lean;    // steps to the right for a step down
  [[nodiscard]] bool present() const { return centre.size() >= 4; }
  [[nodiscard]] float length() const { return along.empty() ? 0 : along.back(); }

  // Where a point lies: the way along the limb, measured square to its middle line, and across it,
  // -1 at the left edge and 1 at the right one.
  struct Place {
    float along = 0, across = 0;
  };
  // REQUIRES: present(). Rows outside are answered from the nearest row.
  [[nodiscard]] Place place(float x, float y) const;
  // The x at `across` in the row where the middle line has gone `way`, and that row.
  struct Spot {
    float x = 0, y = 0;
  };
  [[nodiscard]] Spot spot(Place place) const;

  // Fills `along` and `lean` from the middle line.
  void measure();
  // `values` (one of the above) at a row that may lie between two; the ends go on for ever.
  [[nodiscard]] static float at(const std::vector<float>& values, float row);
};

struct Outline {
  float top = 0;        // where the shoulders meet the neck
  float armpit = 0;     // rows between the shoulder line and here are shoulders, below is the trunk
  float bottom = 0;     // crotch of a body, hem of a garment
  float neck_half = 0;  // half the width of the neck or of the neck opening
  std::vector<float> left, right;  // edges of the trunk, armholes included, for each row
  std::vector<float> shoulder;     // for each column, the row of the shoulder line
  std::array<Limb, 2> limbs;       // left, right

  [[nodiscard]] float middle(int row) const { return (left[row] + right[row]) / 2; }
  [[nodiscard]] float half(int row) const { return (right[row] - left[row]) / 2; }
};

// Each value becomes the mean of its neighbourhood; the ends lean on what there is.
void smooth(std::vector<float>& values, int radius);

}  // namespace selvage::tryon
