#include "tryon/compose/outline.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace selvage::tryon {

void Limb::measure() {
  const std::size_t count = centre.size();
  along.assign(count, 0);
  lean.assign(count, 0);
  for (std::size_t i = 1; i < count; ++i) {
    lean[i] = centre[i] - centre[i - 1];
    along[i] = along[i - 1] + std::hypot(lean[i], 1.0F);
  }
  if (count > 1) lean[0] = lean[1];
  smooth(lean, static_cast<int>(count / 12));
}

float Limb::at(const std::vector<float>& values, float row) {
  const float last = static_cast<float>(values.size()) - 1;
  const float clipped = std::clamp(row, 0.0F, last);
  const auto i = static_cast<std::size_t>(clipped);
  const std::size_t next = std::min(i + 1, values.size() - 1);
  const float t = clipped - static_cast<float>(i);
  return values[i] + (values[next] - values[i]) * t;
}

Limb::Place Limb::place(float x, float y) const {
  const float row = y - static_cast<float>(first_row) - 0.5F;
  const float beyond = row - std::clamp(row, 0.0F, static_cast<float>(centre.size()) - 1);
  const float slope = at(lean, row);
  const float steepness = std::sqrt(1 + slope * slope);
  const float off = x - (at(centre, row) + slope * beyond);
  // A step sideways is partly a step along a limb that leans.
  return {at(along, row) + beyond * steepness + off * slope / steepness, off / at(half, row)};
}

Limb::Spot Limb::spot(Place wanted) const {
  // Rows are found on the middle line, where the way only grows; the correction for leaning is the
  // one that place() makes, the other way round, and settles at once because lean changes slowly.
  auto row_of = [&](float way) {
    const auto next = std::lower_bound(along.begin(), along.end(), way);
    if (next == along.begin()) return way;
    if (next == along.end()) return static_cast<float>(along.size()) - 1 + (way - along.back());
    const auto i = static_cast<std::size_t>(next - along.begin());
    return static_cast<float>(i - 1) + (way - along[i - 1]) / (along[i] - along[i - 1]);
  };
  float row = row_of(wanted.along);
  for (int round = 0; round < 2; ++round) {
    const float slope = at(lean, row);
    const float off = wanted.across * at(half, row);
    row = row_of(wanted.along - off * slope / std::sqrt(1 + slope * slope));
  }
  return {at(centre, row) + wanted.across * at(half, row),
          static_cast<float>(first_row) + row + 0.5F};
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
