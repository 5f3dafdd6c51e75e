// Skirts and trousers: what starts at the waist.
#include <algorithm>
#include <cmath>

#include "tryon/compose/outline.hpp"
#include "tryon/compose/pattern.hpp"
#include "tryon/compose/trace.hpp"

namespace selvage::tryon {
namespace {

struct Row {
  int begin = 0, end = 0;          // of all the cloth
  int gap_begin = 0, gap_end = 0;  // between the legs; equal when there is none
  [[nodiscard]] int width() const { return end - begin; }
};

std::vector<Row> rows_of(const Mask& mask, const Pattern& pattern) {
  std::vector<Row> rows;
  for (int y = static_cast<int>(pattern.top); y < static_cast<int>(pattern.bottom); ++y) {
    const auto runs = runs_of(mask, y);
    if (runs.empty()) {
      rows.push_back(rows.empty() ? Row{} : rows.back());
      continue;
    }
    Row row{runs.front().begin, runs.back().end, 0, 0};
    for (std::size_t i = 1; i < runs.size(); ++i) {
      const int begin = runs[i - 1].end, end = runs[i].begin;
      const float off = std::abs(static_cast<float>(begin + end) / 2 - pattern.axis);
      if (end - begin > row.gap_end - row.gap_begin &&
          off < 0.2F * static_cast<float>(row.width())) {
        row.gap_begin = begin;
        row.gap_end = end;
      }
    }
    rows.push_back(row);
  }
  return rows;
}

}  // namespace

bool read_lower(const Mask& mask, Pattern& pattern) {
  const std::vector<Row> rows = rows_of(mask, pattern);
  const int height = static_cast<int>(rows.size());
  if (height < 24) return false;
  auto width_at = [&](float share) {
    return static_cast<float>(
        rows[static_cast<std::size_t>(share * static_cast<float>(height - 1))].width());
  };
  float widest = 0;
  for (const Row& row : rows) widest = std::max(widest, static_cast<float>(row.width()));
  // A waistband is level, one piece, and about as wide as what follows it. Shoulders slope.
  const auto depth = static_cast<int>(0.12F * widest);
  const Row& band = rows[static_cast<std::size_t>(std::min(depth, height - 1))];
  int level = 0;
  for (int x = band.begin; x < band.end; ++x) {
    int y = static_cast<int>(pattern.top);
    const int limit = y + static_cast<int>(0.075F * widest) + 1;
    while (y < limit && !mask.at(x, y)) ++y;
    level += y < limit ? 1 : 0;
  }
  const auto first = static_cast<float>(band.width());
  const float aspect = static_cast<float>(height) / std::max(1.0F, widest);
  // Beyond the band the cut goes straight or outwards; under a sleeve or an armhole it goes in.
  const bool waistband = level * 100 > band.width() * 93 && first > 0.3F * widest &&
                         width_at(0.12F) > 0.97F * first && width_at(0.2F) > 0.97F * first &&
                         width_at(0.3F) > 0.9F * first;

  int parted = 0, crotch = -1;
  for (int i = height - 1; i >= height / 8; --i) {
    const Row& row = rows[static_cast<std::size_t>(i)];
    if (row.gap_end - row.gap_begin < std::max(2, static_cast<int>(0.01F * widest))) {
      if (parted * 10 < (height - i) * 7) break;  // legs may touch for a while
      continue;
    }
    ++parted;
    crotch = i;
  }
  while (crotch > 1 && rows[static_cast<std::size_t>(crotch - 1)].gap_end >
                           rows[static_cast<std::size_t>(crotch - 1)].gap_begin) {
    --crotch;
  }
  const bool legs = crotch > 0 && parted * 100 > height * 25;
  const bool flares = width_at(0.35F) > 1.02F * first && width_at(0.9F) > 1.12F * first;
  if (!waistband || aspect < 0.55F) return false;
  if (legs) {
    pattern.cut = Cut::trousers;
  } else if (aspect > 2.1F && width_at(0.9F) < 1.25F * width_at(0.25F)) {
    pattern.cut = Cut::trousers;  // with legs that touch
    crotch = height * 32 / 100;
  } else if (flares || aspect > 1.1F) {
    pattern.cut = Cut::skirt;
  } else {
    return false;
  }
  const int top = static_cast<int>(pattern.top);
  std::vector<float> left(static_cast<std::size_t>(mask.height), 0), right = left;
  for (int y = 0; y < mask.height; ++y) {
    const Row& row = rows[static_cast<std::size_t>(std::clamp(y - top, 0, height - 1))];
    left[y] = pattern.axis - static_cast<float>(row.begin);
    right[y] = static_cast<float>(row.end) - pattern.axis;
  }
  smooth(left, 2);
  smooth(right, 2);
  if (pattern.cut == Cut::trousers) {
    pattern.crotch = static_cast<float>(top + crotch);
    for (int i = crotch; i < height; i += std::max(1, height / 60)) {
      const Row& row = rows[static_cast<std::size_t>(i)];
      const auto y = static_cast<float>(top + i);
      const bool open = row.gap_end > row.gap_begin;
      const float inner_left = open ? static_cast<float>(row.gap_begin) : pattern.axis;
      const float inner_right = open ? static_cast<float>(row.gap_end) : pattern.axis;
      pattern.limbs[0].sections.push_back(
          {{static_cast<float>(row.begin), y}, {inner_left, y}, static_cast<float>(i - crotch)});
      pattern.limbs[1].sections.push_back(
          {{static_cast<float>(row.end), y}, {inner_right, y}, static_cast<float>(i - crotch)});
    }
  }
  pattern.reach = {std::move(left), std::move(right)};
  return true;
}

}  // namespace selvage::tryon
