// Breadths looked at from height to height.
#pragma once

namespace selvage::sizing::detail {

struct Found {
  double y = 0, breadth = 0;
};

// The broadest (sign 1) or narrowest (sign -1) of `breadth` between two heights.
template <class Breadth>
Found extreme(double low, double high, int sign, const Breadth& breadth) {
  Found best{low, breadth(low)};
  for (double y = low + 0.004; y <= high; y += 0.004) {
    const double here = breadth(y);
    if ((here - best.breadth) * sign > 0) best = {y, here};
  }
  return best;
}

// The mean of `breadth` around `y`, over about three samples of the mask: a third less noise.
template <class Breadth>
double smooth(double y, const Breadth& breadth) {
  double sum = 0;
  for (const double offset : {-0.0075, -0.0025, 0.0025, 0.0075}) sum += breadth(y + offset);
  return sum / 4;
}

}  // namespace selvage::sizing::detail
