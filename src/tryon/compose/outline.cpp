#include "tryon/compose/outline.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace selvage::tryon {

void Limb::measure() {
  along.assign(centre.size(), 0);
  for (std::size_t i = 1; i < centre.size(); ++i) {
    along[i] = along[i - 1] + std::hypot(centre[i] - centre[i - 1], 1.0F);
  }
}

Limb::Place Limb::place(float x, float y) const {
  const int last = static_cast<int>(centre.size()) - 1;
  const float row = y - static_cast<float>(first_row);
  const int i = std::clamp(static_cast<int>(row), 0, last);
  const int before = std::max(0, i - 3), after = std::min(last, i + 3);
  const float lean =
      (centre[after] - centre[before]) / static_cast<float>(std::max(1, after - before));
  const float steepness = std::sqrt(1 + lean * lean);
  const float rest =
      row - static_cast<float>(i);  // beyond the row; also what lies outside the ends
  const float off = x - (centre[i] + lean * rest);
  // A step sideways is partly a step along a limb that leans.
  return {along[i] + rest * steepness + off * lean / steepness, off / half[i]};
}

Limb::Spot Limb::spot(Place at) const {
  // The row is found on the middle line; the correction for leaning is the inverse of the one in
  // place().
  auto row_of = [&](float way) {
    const auto next = std::lower_bound(along.begin(), along.end(), way);
    if (next == along.begin()) return way;
    if (next == along.end()) return static_cast<float>(along.size()) - 1 + (way - along.back());
    const auto i = static_cast<std::size_t>(next - along.begin());
    return static_cast<float>(i - 1) + (way - along[i - 1]) / (along[i] - along[i - 1]);
  };
  const int last = static_cast<int>(centre.size()) - 1;
  float row = row_of(at.along);
  for (int round = 0; round < 2; ++round) {
    const int i = std::clamp(static_cast<int>(row), 0, last);
    const int before = std::max(0, i - 3), after = std::min(last, i + 3);
    const float lean =
        (centre[after] - centre[before]) / static_cast<float>(std::max(1, after - before));
    const float off = at.across * half[i];
    row = row_of(at.along - off * lean / std::sqrt(1 + lean * lean));
  }
  const int i = std::clamp(static_cast<int>(row), 0, last);
  return {centre[i] + at.across * half[i], static_cast<float>(first_row) + row};
}

void smooth(std::vector<float>& values, int radius) {
  if (radius <= 0 || values.empty()) return;
  const std::vector<float> from = values;
  const int count = static_cast<int>(from.size());
  double sum = 0;
  int low = 0, high = 0;  // the window [low, high)
  for (int i = 0; i < count; ++i) {
    const int reach =
        std::min({radius, i, count - 1 - i});  // symmetric, so that the ends stay in place
    while (high < i + reach + 1) sum += from[high++];
    while (high > i + reach + 1) sum -= from[--high];
    while (low < i - reach) sum -= from[low++];
    values[i] = static_cast<float>(sum / (high - low));
  }
}

}  // namespace selvage::tryon
