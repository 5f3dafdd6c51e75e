// Reading shapes off a mask, row by row.
#pragma once

#include <optional>
#include <vector>

#include "tryon/compose/outline.hpp"
#include "tryon/compose/silhouette.hpp"

namespace selvage::tryon {

struct Run {
  int begin = 0, end = 0;  // cells [begin, end) of one row
  [[nodiscard]] int width() const { return end - begin; }
};
[[nodiscard]] std::vector<Run> runs_of(const Mask& mask, int y);
// The run that holds `x` or is nearest to it; none in an empty row.
[[nodiscard]] std::optional<Run> run_near(const Mask& mask, int y, float x);

// The limb that hangs on one side of the trunk: in each row the cells outside the trunk's edge that
// go on from the row above. `edges` has an entry for each row. Ends where nothing goes on, or at
// `last_row`.
[[nodiscard]] Limb trace_limb(const Mask& mask, const std::vector<float>& edges, bool left,
                              int first_row, int last_row);

// From cells to pixels: every length times mask.scale, and one entry for each row or column of the
// picture.
[[nodiscard]] std::vector<float> stretched(const std::vector<float>& values, int scale, int count);
[[nodiscard]] Limb stretched(const Limb& limb, int scale);

}  // namespace selvage::tryon
