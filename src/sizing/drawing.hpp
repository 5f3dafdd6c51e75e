// The photo with what was seen in it: the silhouette tinted, the skeleton, and the lines where
// breadths and lengths were read, each with its label.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "image/picture.hpp"
#include "sizing/pose.hpp"
#include "sizing/silhouette.hpp"

namespace selvage::sizing {

struct LineLabel {
  std::string_view line;  // MeasuringLine::name
  std::string text;       // "chest 102 ± 3"; see image/lettering.hpp for what can be written
};

// Two ends of a bone to be drawn.
struct Bone {
  LandmarkId from, to;
};
[[nodiscard]] std::span<const Bone> bones();

// A photo smaller than kDrawnSide is enlarged to it, so that labels can be read; nothing else
// changes its size. A pose that could not be measured has no lines, and shows why.
// REQUIRES: `photo` is the RGB picture that the pose and the lines are of. 20 to 100 ms; any
// thread.
inline constexpr int kDrawnSide = 1200;
[[nodiscard]] image::Picture draw_measuring(image::Picture photo, const Pose& pose,
                                            std::span<const MeasuringLine> lines,
                                            std::span<const LineLabel> labels);

}  // namespace selvage::sizing
