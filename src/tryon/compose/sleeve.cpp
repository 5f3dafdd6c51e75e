// A sleeve's middle line and width, whichever way it points: cells are ordered by how far the way
// to them through the cloth is from the armhole; those equally far make one cut across the sleeve.
#include <algorithm>
#include <cmath>
#include <queue>

#include "tryon/compose/outline.hpp"
#include "tryon/compose/pattern.hpp"

namespace selvage::tryon {
namespace {

constexpr int kCells = 150;  // on the longer side of the grid that ways are measured on
constexpr float kFar = 1e9F;

class SleeveCloth {
 public:
  SleeveCloth(const Mask& mask, const Pattern& pattern, std::size_t side)
      : mask_(mask), pattern_(pattern), side_(side), sign_(side == 0 ? -1.0F : 1.0F) {}

  // Whether the point is cloth beyond the armhole.
  [[nodiscard]] bool at(Point p) const {
    if (!mask_.at(static_cast<int>(std::floor(p.x)), static_cast<int>(std::floor(p.y))))
      return false;
    const Point tip = pattern_.tip[side_], armpit = pattern_.armpit[side_];
    const float out = sign_ * (p.x - pattern_.axis);
    if (p.y >= armpit.y) return out > pattern_.reach_at(side_, p.y) + 1.5F;
    if (p.y <= tip.y) return out > tip.x;
    const float t = (p.y - tip.y) / std::max(1.0F, armpit.y - tip.y);
    return out > tip.x + (armpit.x - tip.x) * t;
  }
  [[nodiscard]] Point in_picture(Point p) const { return {pattern_.axis + sign_ * p.x, p.y}; }

 private:
  const Mask& mask_;
  const Pattern& pattern_;
  std::size_t side_;
  float sign_;
};

// Ways through the cloth, in cells.
std::vector<float> ways_from(Point a, Point b, const std::vector<bool>& cloth, int width,
                             int height, float cell) {
  std::vector<float> way(cloth.size(), kFar);
  using Entry = std::pair<float, int>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> open;
  for (int i = 0; i < static_cast<int>(cloth.size()); ++i) {
    if (!cloth[i]) continue;
    const Point centre{(static_cast<float>(i % width) + 0.5F) * cell,
                       (static_cast<float>(i / width) + 0.5F) * cell};
    const float off = nearest_on(a, b, centre).distance / cell;
    if (off > 2.5F) continue;
    way[i] = off;
    open.emplace(off, i);
  }
  while (!open.empty()) {
    const auto [so_far, i] = open.top();
    open.pop();
    if (so_far > way[i]) continue;
    const int x = i % width, y = i / width;
    for (int dy = -1; dy <= 1; ++dy) {
      for (int dx = -1; dx <= 1; ++dx) {
        const int nx = x + dx, ny = y + dy;
        if (nx < 0 || ny < 0 || nx >= width || ny >= height) continue;
        const int next = ny * width + nx;
        const float longer = so_far + (dx != 0 && dy != 0 ? 1.4142F : 1.0F);
        if (!cloth[next] || longer >= way[next]) continue;
        way[next] = longer;
        open.emplace(longer, next);
      }
    }
  }
  return way;
}

}  // namespace

Strip trace_sleeve(const Mask& mask, const Pattern& pattern, std::size_t side) {
  const SleeveCloth cloth(mask, pattern, side);
  const Point tip = cloth.in_picture(pattern.tip[side]);
  const Point armpit = cloth.in_picture(pattern.armpit[side]);
  const float cell = std::max(1.0F, static_cast<float>(std::max(mask.width, mask.height)) / kCells);
  const int width = static_cast<int>(static_cast<float>(mask.width) / cell) + 1;
  const int height = static_cast<int>(static_cast<float>(mask.height) / cell) + 1;
  std::vector<bool> grid(static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      grid[static_cast<std::size_t>(y) * width + x] =
          cloth.at({(static_cast<float>(x) + 0.5F) * cell, (static_cast<float>(y) + 0.5F) * cell});
    }
  }
  const std::vector<float> way = ways_from(tip, armpit, grid, width, height, cell);

  constexpr float kBin = 3;  // cells
  struct Bin {
    Point sum;
    int count = 0;
  };
  std::vector<Bin> bins;
  int total = 0;
  for (std::size_t i = 0; i < way.size(); ++i) {
    if (way[i] >= kFar) continue;
    const auto bin = static_cast<std::size_t>(way[i] / kBin);
    if (bin >= bins.size()) bins.resize(bin + 1);
    const auto index = static_cast<int>(i);
    bins[bin].sum = bins[bin].sum + Point{(static_cast<float>(index % width) + 0.5F) * cell,
                                          (static_cast<float>(index / width) + 0.5F) * cell};
    ++bins[bin].count;
    ++total;
  }
  if (bins.size() < 3) return {};
  const float usual = static_cast<float>(total) / static_cast<float>(bins.size());
  // The last bins are a corner of the cuff, not a cut across it.
  while (bins.size() > 3 && static_cast<float>(bins.back().count) < 0.7F * usual) bins.pop_back();
  std::vector<float> xs{mix(tip, armpit, 0.5F).x}, ys{mix(tip, armpit, 0.5F).y};
  for (std::size_t i = 1; i < bins.size(); ++i) {
    if (bins[i].count == 0) continue;
    xs.push_back(bins[i].sum.x / static_cast<float>(bins[i].count));
    ys.push_back(bins[i].sum.y / static_cast<float>(bins[i].count));
  }
  if (xs.size() < 3) return {};
  smooth(xs, 3);
  smooth(ys, 3);
  // On to the cuff in the direction the sleeve has at its end.
  const std::size_t last = xs.size() - 1, before = last - std::min<std::size_t>(last, 4);
  const Point direction = unit({xs[last] - xs[before], ys[last] - ys[before]});
  Point end{xs[last], ys[last]};
  float on = 0;
  while (on < 12 * kBin * cell && cloth.at(end + direction * (on + 1))) on += 1;
  if (on > 1) {
    xs.push_back(end.x + direction.x * on);
    ys.push_back(end.y + direction.y * on);
  }
  Strip strip;
  std::vector<float> outs, ins;
  std::vector<Point> sides;
  const float widest = 0.75F * distance(tip, armpit) + 2 * cell;
  for (std::size_t i = 0; i < xs.size(); ++i) {
    const std::size_t low = i > 0 ? i - 1 : 0, high = std::min(i + 1, xs.size() - 1);
    Point outwards = turned(unit({xs[high] - xs[low], ys[high] - ys[low]}));
    if (side == 0) outwards = outwards * -1;
    const Point middle{xs[i], ys[i]};
    auto ray = [&](Point step) {
      float reach = 0;
      while (reach < 2 * widest && cloth.at(middle + step * (reach + 0.5F))) reach += 0.5F;
      return reach;
    };
    outs.push_back(ray(outwards));
    ins.push_back(ray(outwards * -1));
    sides.push_back(outwards);
  }
  if (xs.size() > 2) {  // at the very edge of the cuff rays see its slant only
    outs.back() = outs[outs.size() - 2];
    ins.back() = ins[ins.size() - 2];
  }
  smooth(outs, 1);
  smooth(ins, 1);
  for (std::size_t i = 0; i < xs.size(); ++i) {
    const Point middle{xs[i], ys[i]};
    strip.sections.push_back({middle + sides[i] * outs[i], middle - sides[i] * ins[i], 0});
  }
  strip.measure();
  // The armhole turns into a cut straight across over the first part of the sleeve.
  const float turn = std::max(0.8F * distance(tip, armpit), 0.12F * strip.length());
  for (Section& section : strip.sections) {
    const float t = smooth_step(0, turn, section.along);
    section.outer = mix(tip, section.outer, t);
    section.inner = mix(armpit, section.inner, t);
  }
  const float along = strip.length();
  if (along < 0.12F * pattern.armpit[side].x) return {};
  strip.measure();
  return strip;
}

}  // namespace selvage::tryon
