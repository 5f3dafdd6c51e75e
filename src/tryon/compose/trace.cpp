#include "tryon/compose/trace.hpp"

#include <algorithm>
#include <cmath>

namespace selvage::tryon {

std::vector<Run> runs_of(const Mask& mask, int y) {
  std::vector<Run> runs;
  if (y < 0 || y >= mask.height) return runs;
  const std::uint8_t* row = mask.cells.data() + static_cast<std::size_t>(y) * mask.width;
  for (int x = 0; x < mask.width; ++x) {
    if (row[x] == 0) continue;
    Run run{x, x};
    while (run.end < mask.width && row[run.end] != 0) ++run.end;
    runs.push_back(run);
    x = run.end;
  }
  return runs;
}

std::optional<Run> run_near(const Mask& mask, int y, float x) {
  std::optional<Run> nearest;
  float distance = 0;
  for (const Run& run : runs_of(mask, y)) {
    const float off =
        std::max({0.0F, static_cast<float>(run.begin) - x, x - static_cast<float>(run.end)});
    if (!nearest || off < distance) {
      nearest = run;
      distance = off;
    }
  }
  return nearest;
}

Limb trace_limb(const Mask& mask, const std::vector<float>& edges, bool left, int first_row,
                int last_row) {
  constexpr float kReach = 3;  // cells a limb may step sideways from row to row
  Limb limb;
  float inner_before = 0, outer_before = 0;
  for (int y = std::max(0, first_row); y <= std::min(last_row, mask.height - 1); ++y) {
    const float edge = edges[y];
    bool found = false;
    float inner = 0, outer = 0;
    for (const Run& run : runs_of(mask, y)) {
      const auto begin = static_cast<float>(run.begin), end = static_cast<float>(run.end);
      const float low = left ? begin : std::max(begin, edge);
      const float high = left ? std::min(end, edge) : end;
      if (high - low < 1) continue;
      if (limb.centre.empty() ? std::abs((left ? high : low) - edge) > kReach
                              : high < std::min(inner_before, outer_before) - kReach ||
                                    low > std::max(inner_before, outer_before) + kReach) {
        continue;
      }
      if (found && (left ? low > outer : high < outer)) continue;  // keep the outermost
      inner = left ? high : low;
      outer = left ? low : high;
      found = true;
    }
    if (!found) {
      if (limb.centre.empty()) continue;
      break;
    }
    if (limb.centre.empty()) limb.first_row = y;
    limb.centre.push_back((inner + outer) / 2);
    limb.half.push_back(std::max(0.5F, std::abs(outer - inner) / 2));
    inner_before = inner;
    outer_before = outer;
  }
  return limb;
}

std::vector<float> stretched(const std::vector<float>& values, int scale, int count) {
  std::vector<float> result(static_cast<std::size_t>(count), 0);
  if (values.empty()) return result;
  const auto last = static_cast<float>(values.size() - 1);
  for (int i = 0; i < count; ++i) {
    const float at =
        std::clamp((static_cast<float>(i) + 0.5F) / static_cast<float>(scale) - 0.5F, 0.0F, last);
    const auto low = static_cast<std::size_t>(at);
    const std::size_t high = std::min(low + 1, values.size() - 1);
    const float t = at - static_cast<float>(low);
    result[i] = (values[low] * (1 - t) + values[high] * t) * static_cast<float>(scale);
  }
  return result;
}

Limb stretched(const Limb& limb, int scale) {
  Limb result;
  const int count = static_cast<int>(limb.centre.size()) * scale;
  result.first_row = limb.first_row * scale;
  result.centre = stretched(limb.centre, scale, count);
  result.half = stretched(limb.half, scale, count);
  result.measure();
  return result;
}

}  // namespace selvage::tryon
