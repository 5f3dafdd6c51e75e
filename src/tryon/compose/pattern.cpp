#include "tryon/compose/pattern.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "tryon/compose/outline.hpp"
#include "tryon/compose/trace.hpp"

namespace selvage::tryon {
namespace {

float middle_of(std::vector<float> values, float otherwise) {
  if (values.empty()) return otherwise;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// One side of a garment, seen as if it were the right one: `out` counts from the axis outwards.
class Side {
 public:
  Side(const Mask& mask, float axis, std::size_t side)
      : mask_(mask), axis_(axis), sign_(side == 0 ? -1 : 1) {}

  [[nodiscard]] bool at(int out, int y) const { return mask_.at(column(out), y); }
  [[nodiscard]] int most() const {
    return sign_ < 0 ? static_cast<int>(axis_) : mask_.width - static_cast<int>(axis_);
  }
  // Outermost cloth of the row; -1 when there is none.
  [[nodiscard]] int extent(int y) const {
    for (int out = most(); out >= 0; --out) {
      if (at(out, y)) return out;
    }
    return -1;
  }
  // The first cloth from above.
  [[nodiscard]] int top_of(int out, int from, int to) const {
    int y = from;
    while (y < to && !at(out, y)) ++y;
    return y;
  }

 private:
  [[nodiscard]] int column(int out) const {
    return static_cast<int>(
        std::floor(axis_ + static_cast<float>(sign_ * out) + (sign_ < 0 ? -0.5F : 0.0F)));
  }
  const Mask& mask_;
  float axis_;
  int sign_;
};

// The place where the sleeve's underside meets the trunk: cloth has nothing under it there, and
// from there outwards the underside does not rise. (Under a bust or a hip it rises outwards, and so
// does a cuff.) The highest such place.
std::optional<Point> underarm(const Side& side, int top, int bottom, int reach) {
  const int height = bottom - top;
  const int thick = std::max(3, height * 3 / 100), gap = std::max(2, height / 60);
  const int limit = top + height * 8 / 10;
  std::vector<int> under(static_cast<std::size_t>(side.most()) + 1, -1);
  for (int out = std::max(2, reach / 5); out <= side.most(); ++out) {
    int cloth = 0;
    for (int y = top; y < limit; ++y) {
      if (side.at(out, y)) {
        ++cloth;
        continue;
      }
      bool clear = cloth >= thick;
      for (int below = 0; clear && below < gap; ++below) clear = !side.at(out, y + below);
      if (clear) {
        under[out] = y;
        break;
      }
    }
  }
  const int window = std::max(4, reach / 18);
  std::optional<Point> best;
  for (int out = 0; out + window <= side.most(); ++out) {
    if (under[out] < 0 || (best && static_cast<float>(under[out]) >= best->y)) continue;
    bool falls = true;
    for (int next = out + 1; falls && next <= out + window; ++next)
      falls = under[next] < 0 ? next > out + 2 && side.extent(under[out]) > next
                              : under[next] >= under[out] - 1;
    if (falls) best = Point{static_cast<float>(out), static_cast<float>(under[out])};
  }
  if (best) return best;
  // A sleeve cut in one with the trunk rises outwards all the way, but far.
  for (int out = 0; out <= side.most(); ++out) {
    if (under[out] < 0 || under[out] > top + height / 2) continue;
    if (side.extent(under[out] - thick) > out + reach / 7)
      return Point{static_cast<float>(out), static_cast<float>(under[out])};
    break;
  }
  return std::nullopt;
}

// Down from `start`; the trunk ends at a gap, or where it would widen too fast to be trunk.
void follow_trunk(const Side& side, Pattern& pattern, std::size_t which, float start) {
  auto& reach = pattern.reach[which];
  const int from = static_cast<int>(start);
  const int bottom = static_cast<int>(pattern.bottom);
  float edge = pattern.armpit[which].x;
  const float quickest = pattern.sleeved(which) ? 0.9F : 2.0F;
  for (int y = std::max(0, from); y < bottom; ++y) {
    int out = 0;
    while (out <= side.most() && (side.at(out, y) || out < static_cast<int>(0.3F * edge))) ++out;
    const auto found = static_cast<float>(out);
    if (found > 0.35F * edge) edge = std::clamp(found, edge - 2.5F, edge + quickest);
    reach[y] = edge;
  }
  for (int y = 0; y < std::min(from, static_cast<int>(reach.size())); ++y)
    reach[y] = pattern.armpit[which].x;
  for (std::size_t y = static_cast<std::size_t>(bottom); y < reach.size(); ++y)
    reach[y] = reach[static_cast<std::size_t>(std::max(0, bottom - 1))];
  smooth(reach, 2);
}

struct NeckEdge {
  float out = 0, y = 0;
};

// The highest point on the way from the neck outwards.
NeckEdge neck_edge(const Side& side, int top, int limit, float tip) {
  NeckEdge best{0, static_cast<float>(side.top_of(0, top, limit))};
  float highest = 1e9F;
  for (int out = 0; static_cast<float>(out) < 0.85F * tip; ++out) {
    const auto y = static_cast<float>(side.top_of(out, top, limit));
    if (y > highest + 1) continue;
    highest = std::min(highest, y);
    best = {static_cast<float>(out), y};
  }
  return best;
}

void read_top(const Mask& mask, Pattern& pattern) {
  const int top = static_cast<int>(pattern.top), bottom = static_cast<int>(pattern.bottom);
  const int height = bottom - top;
  float necks = 0;
  int flat_sides = 0;
  std::array<std::optional<Point>, 2> underarms;
  std::array<float, 2> gap{};  // row where a gap between trunk and sleeve begins; 0: at the armpit
  for (std::size_t which : {0U, 1U}) {
    const Side side(mask, pattern.axis, which);
    int widest = 0;
    for (int y = top; y < bottom; ++y) widest = std::max(widest, side.extent(y));
    underarms[which] = underarm(side, top, bottom, widest);
    // A sleeve stands out; a hip or a bust only swells.
    int above = 0;
    for (int y = top; underarms[which] && y <= static_cast<int>(underarms[which]->y); ++y)
      above = std::max(above, side.extent(y));
    if (underarms[which] && static_cast<float>(above) <= 1.09F * underarms[which]->x)
      underarms[which].reset();
  }
  // Nobody sells shirts with one sleeve.
  for (std::size_t which : {0U, 1U}) {
    if (!underarms[which]) underarms[which] = underarms[1 - which];
  }
  for (std::size_t which : {0U, 1U}) {
    const Side side(mask, pattern.axis, which);
    int widest = 0;
    for (int y = top; y < bottom; ++y) widest = std::max(widest, side.extent(y));
    const auto& under = underarms[which];
    const bool sleeve = under.has_value();
    Point& armpit = pattern.armpit[which];
    Point& tip = pattern.tip[which];
    const int limit = top + height * 6 / 10;
    if (sleeve) {
      armpit = *under;
      tip.x = 0.96F * armpit.x;
      tip.y = static_cast<float>(side.top_of(static_cast<int>(tip.x), top, limit));
      if (armpit.y > tip.y + 1.15F * armpit.x) {
        // The sleeve lies against the trunk: the gap begins far below the armpit.
        gap[which] = armpit.y;
        armpit.y = tip.y + 0.62F * armpit.x;
      }
    } else {
      std::vector<float> chest;
      for (int y = top + height * 3 / 10; y < top + height * 6 / 10; ++y)
        chest.push_back(static_cast<float>(side.extent(y)));
      const float usual = middle_of(chest, static_cast<float>(widest));
      int y = top;
      while (y < limit && static_cast<float>(side.extent(y)) < 0.93F * usual) ++y;
      armpit = {static_cast<float>(std::max(2, side.extent(y))), static_cast<float>(y)};
      // The strap's, or the shoulder's, outer end.
      int highest = bottom;
      for (int out = 0; out <= static_cast<int>(armpit.x); ++out)
        highest = std::min(highest, side.top_of(out, top, limit));
      const int near = highest + std::max(2, height * 4 / 100);
      tip = {static_cast<float>(std::max(2, side.extent(std::min(near, limit)))),
             static_cast<float>(highest)};
      for (int out = static_cast<int>(tip.x); out > 1; --out) {
        const int found = side.top_of(out, top, limit);
        if (found <= near) {
          tip = {static_cast<float>(out), static_cast<float>(found)};
          break;
        }
      }
      armpit.y = std::max(armpit.y, tip.y + 0.3F * armpit.x);
    }
    const NeckEdge neck = neck_edge(side, top, limit, tip.x);
    necks += neck.out;
    const float half_way = 0.62F * tip.x;
    const auto rise =
        tip.y - static_cast<float>(side.top_of(static_cast<int>(half_way), top, limit));
    pattern.slope[which] =
        sleeve ? std::clamp(rise / std::max(1.0F, tip.x - half_way), 0.12F, 0.55F) : 0.36F;
    const auto dip = static_cast<float>(side.top_of(0, top, limit)) - neck.y;
    if (dip < 0.08F * tip.x && tip.y - neck.y < 0.14F * tip.x) ++flat_sides;
    pattern.reach[which].assign(static_cast<std::size_t>(mask.height), armpit.x);
    if (sleeve) {
      // follow_trunk asks whether there is a sleeve; it is traced once the trunk is known.
      pattern.limbs[which].sections.resize(2);
    }
    follow_trunk(side, pattern, which, std::max(armpit.y, gap[which]));
  }
  pattern.neck_half = necks / 2;
  pattern.bare_shoulders = flat_sides == 2;
  if (pattern.bare_shoulders) {
    for (std::size_t which : {0U, 1U}) {
      pattern.tip[which].y -= 0.30F * pattern.armpit[which].x;
      pattern.slope[which] = 0.36F;
      pattern.armpit[which].y =
          std::max(pattern.armpit[which].y, pattern.tip[which].y + 0.5F * pattern.armpit[which].x);
    }
  }
  for (std::size_t which : {0U, 1U}) {
    if (!pattern.limbs[which].present()) continue;
    pattern.limbs[which] = trace_sleeve(mask, pattern, which);
  }
}

}  // namespace

float Pattern::reach_at(std::size_t side, float row) const {
  const auto& values = reach[side];
  const float bounded = std::clamp(row, 0.0F, static_cast<float>(values.size() - 1));
  const auto i = static_cast<std::size_t>(bounded);
  const std::size_t next = std::min(i + 1, values.size() - 1);
  return values[i] + (values[next] - values[i]) * (bounded - static_cast<float>(i));
}

float Pattern::shoulder_line(float aside) const {
  const std::size_t side = aside < 0 ? 0 : 1;
  const float out = std::max(std::abs(aside), neck_half);
  const float rise = slope[side] * (tip[side].x - std::min(out, tip[side].x));
  return tip[side].y - rise;
}

Pattern read_pattern(const Mask& mask) {
  Pattern pattern;
  int top = mask.height, bottom = 0;
  std::vector<float> middles;
  for (int y = 0; y < mask.height; ++y) {
    const auto runs = runs_of(mask, y);
    if (runs.empty()) continue;
    top = std::min(top, y);
    bottom = y + 1;
    middles.push_back(static_cast<float>(runs.front().begin + runs.back().end) / 2);
  }
  pattern.top = static_cast<float>(top);
  pattern.bottom = static_cast<float>(bottom);
  pattern.axis = middle_of(middles, static_cast<float>(mask.width) / 2);
  if (read_lower(mask, pattern)) return pattern;
  // Sleeves may hang lower than the hem.
  const int middle = static_cast<int>(pattern.axis), near = mask.width / 16;
  int hem = top;
  for (int y = top; y < bottom; ++y) {
    for (int x = middle - near; x <= middle + near; ++x) hem = mask.at(x, y) ? y + 1 : hem;
  }
  if (hem > top + (bottom - top) / 3) pattern.bottom = static_cast<float>(hem);
  read_top(mask, pattern);
  return pattern;
}

}  // namespace selvage::tryon
