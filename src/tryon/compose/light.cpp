#include "tryon/compose/light.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace selvage::tryon {
namespace {

struct Tint {  // colour without brightness
  float r = 0, g = 0;
};

struct Cell {
  Tint tint;
  float brightness = 0;
};

Cell cell_at(const image::Picture& cells, std::size_t index) {
  const std::uint8_t* p = cells.pixels.data() + 3 * index;
  const float sum = static_cast<float>(p[0] + p[1] + p[2]) + 6;
  return {{(static_cast<float>(p[0]) + 2) / sum, (static_cast<float>(p[1]) + 2) / sum},
          0.299F * static_cast<float>(p[0]) + 0.587F * static_cast<float>(p[1]) +
              0.114F * static_cast<float>(p[2])};
}

float distance(Tint a, Tint b) { return std::hypot(a.r - b.r, a.g - b.g); }

// The tints that most of the given cells have, at least `kApart` from each other.
std::vector<Tint> common_tints(const std::vector<Cell>& cells) {
  constexpr int kBins = 64, kMost = 5;
  constexpr float kApart = 0.045F;
  std::vector<int> counts(kBins * kBins, 0);
  auto bin = [](float share) { return std::clamp(static_cast<int>(share * kBins), 0, kBins - 1); };
  for (const Cell& cell : cells) ++counts[bin(cell.tint.g) * kBins + bin(cell.tint.r)];
  std::vector<Tint> tints;
  while (tints.size() < kMost) {
    int best = -1;
    for (int i = 0; i < kBins * kBins; ++i) {
      const Tint tint{(static_cast<float>(i % kBins) + 0.5F) / kBins,
                      (static_cast<float>(i / kBins) + 0.5F) / kBins};
      const bool apart = std::all_of(tints.begin(), tints.end(),
                                     [&](Tint other) { return distance(tint, other) > kApart; });
      if (apart && (best < 0 || counts[i] > counts[best])) best = i;
    }
    if (best < 0 || counts[best] * 60 < static_cast<int>(cells.size())) break;
    tints.push_back({(static_cast<float>(best % kBins) + 0.5F) / kBins,
                     (static_cast<float>(best / kBins) + 0.5F) / kBins});
  }
  return tints;
}

// Means of `values` over square neighbourhoods, each cell counting as much as its weight.
void blur(std::vector<float>& values, std::vector<float>& weights, int width, int height,
          int radius) {
  for (std::size_t i = 0; i < values.size(); ++i) values[i] *= weights[i];
  auto along = [&](std::vector<float>& field, int lines, int count, int line_step, int step) {
    std::vector<float> sums(static_cast<std::size_t>(count) + 1);
    for (int line = 0; line < lines; ++line) {
      float* cell = field.data() + static_cast<std::ptrdiff_t>(line) * line_step;
      for (int i = 0; i < count; ++i)
        sums[i + 1] = sums[i] + cell[static_cast<std::ptrdiff_t>(i) * step];
      for (int i = 0; i < count; ++i) {
        cell[static_cast<std::ptrdiff_t>(i) * step] =
            sums[std::min(count, i + radius + 1)] - sums[std::max(0, i - radius)];
      }
    }
  };
  for (auto* field : {&values, &weights}) {
    along(*field, height, width, width, 1);
    along(*field, width, height, 1, width);
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = weights[i] > 1e-3F ? values[i] / weights[i] : 1;
    weights[i] = weights[i] > 1e-3F ? 1 : 0;
  }
}

}  // namespace

float Light::at(float x, float y) const {
  const auto pixels = static_cast<float>(scale);
  const float cx = std::clamp(x / pixels - 0.5F, 0.0F, static_cast<float>(width) - 1.001F);
  const float cy = std::clamp(y / pixels - 0.5F, 0.0F, static_cast<float>(height) - 1.001F);
  const int ix = static_cast<int>(cx), iy = static_cast<int>(cy);
  const float tx = cx - static_cast<float>(ix), ty = cy - static_cast<float>(iy);
  const float* p = cells.data() + static_cast<std::ptrdiff_t>(iy) * width + ix;
  const float upper = p[0] + (p[1] - p[0]) * tx, lower = p[width] + (p[width + 1] - p[width]) * tx;
  return upper + (lower - upper) * ty;
}

Light light_on(const image::Picture& cells, const Mask& mask, float from, float to, int radius) {
  constexpr float kSure =
      0.03F;  // nearer than this to a common tint, a cell is that cloth and no mixture
  const auto pixels = static_cast<float>(mask.scale);
  const int first = std::clamp(static_cast<int>(from / pixels), 0, cells.height - 1);
  const int last = std::clamp(static_cast<int>(to / pixels), first, cells.height - 1);

  std::vector<std::size_t> places;
  std::vector<Cell> seen;
  for (int y = first; y <= last; ++y) {
    for (int x = 0; x < cells.width; ++x) {
      if (!mask.at(x, y)) continue;
      places.push_back(static_cast<std::size_t>(y) * cells.width + x);
      seen.push_back(cell_at(cells, places.back()));
    }
  }
  const std::vector<Tint> tints = common_tints(seen);
  std::vector<std::vector<float>> brightness(tints.size());
  std::vector<std::size_t> nearest(seen.size(), 0);
  std::vector<bool> sure(seen.size(), false);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    float best = 1e9F;
    for (std::size_t t = 0; t < tints.size(); ++t) {
      const float off = distance(seen[i].tint, tints[t]);
      if (off >= best) continue;
      best = off;
      nearest[i] = t;
    }
    sure[i] = best < kSure;
    if (sure[i]) brightness[nearest[i]].push_back(seen[i].brightness);
  }
  for (auto& values : brightness) {
    if (values.empty()) values.push_back(1);
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    values.front() = std::max(8.0F, *middle);
  }
  Light light{cells.width, cells.height, mask.scale, {}};
  const std::size_t count = static_cast<std::size_t>(cells.width) * cells.height;
  light.cells.assign(count, 1);
  std::vector<float> weights(count, 0);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (tints.empty()) break;
    light.cells[places[i]] =
        std::clamp(seen[i].brightness / brightness[nearest[i]].front(), 0.5F, 1.45F);
    // Far from the usual it is a print, not a fold.
    const bool fold = std::abs(light.cells[places[i]] - 1) < 0.38F;
    weights[places[i]] = sure[i] && fold ? 1.0F : 0.05F;
  }
  blur(light.cells, weights, light.width, light.height, radius);
  blur(light.cells, weights, light.width, light.height, radius);
  return light;
}

}  // namespace selvage::tryon
