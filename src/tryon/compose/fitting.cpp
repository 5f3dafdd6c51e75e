#include "tryon/compose/fitting.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace selvage::tryon {
namespace {

constexpr int kColumns = 24, kUpperRows = 12, kLowerRows = 36;
constexpr float kInset = 1.2F;  // source pixels: the very edge of a cut-out is half background

// Bodies are round: their sides face away from the light. `u` goes across, 0 to 1.
float roundness(float u, float depth) {
  const float off = std::abs(2 * u - 1);
  return 1.02F - depth * off * off * off;
}

float sign_of(std::size_t side) { return side == 0 ? -1.0F : 1.0F; }

// How long a garment is for its width says where it ends: a T-shirt below the hips, a dress at the
// knees. In lengths of the torso, shoulders to hips.
float hem_for(float proportion) {
  struct End {
    float proportion, down;
  };
  constexpr End kEnds[] = {{0.3F, 0.35F}, {0.6F, 0.50F}, {0.9F, 0.76F}, {1.2F, 0.98F},
                           {1.5F, 1.10F}, {1.9F, 1.16F}, {2.3F, 1.75F}, {3.2F, 2.70F}};
  for (std::size_t i = 1; i < std::size(kEnds); ++i) {
    const End &a = kEnds[i - 1], &b = kEnds[i];
    if (proportion > b.proportion) continue;
    return a.down + (b.down - a.down) *
                        std::max(0.0F, (proportion - a.proportion) / (b.proportion - a.proportion));
  }
  return kEnds[std::size(kEnds) - 1].down;
}

class TopFitting {
 public:
  TopFitting(const Pattern& pattern, const Figure& figure, float old_hem)
      : pattern_(pattern), figure_(figure) {
    const float chest = pattern.armpit[0].x + pattern.armpit[1].x;
    const float neck_row = std::min(pattern.shoulder_line(-pattern.neck_half),
                                    pattern.shoulder_line(pattern.neck_half));
    const float proportion = (pattern.bottom - neck_row) / std::max(1.0F, chest);
    dress_ = proportion > 2.05F;
    hem_ = hem_for(proportion) * figure.torso;
    if (old_hem > hem_ && old_hem < 1.35F * hem_) hem_ = old_hem;
    hem_ = std::clamp(hem_, 0.35F * figure.torso, 1.02F * figure.ankles);
    if (!figure.upright && !dress_) hem_ = std::min(hem_, 1.02F * figure.torso);
    float scale = 0;
    for (std::size_t side : {0U, 1U}) {
      sleeved_[side] = pattern.sleeved(side);
      const float chest_scale = figure.reach(side, figure.armpit) / pattern.armpit[side].x;
      tip_[side] = sleeved_[side] ? figure.tip[side]
                                  : std::min(chest_scale * pattern.tip[side].x, figure.tip[side]);
      scale += 0.5F * (sleeved_[side] ? figure.tip[side] / pattern.tip[side].x : chest_scale);
    }
    scale_ = scale;
    for (std::size_t side : {0U, 1U}) {
      const float depth = scale_ * (pattern.armpit[side].y - pattern.tip[side].y);
      const float shoulder = figure.shoulder_line(sign_of(side) * tip_[side]);
      armpit_[side] =
          sleeved_[side] ? std::clamp(shoulder + depth, figure.armpit, 1.35F * figure.armpit)
                         : std::clamp(shoulder + depth, 0.8F * figure.armpit, 1.5F * figure.armpit);
    }
  }

  [[nodiscard]] Net trunk() const {
    Net net;
    constexpr int kMargin = 1;  // a column beyond each side, above the armpit of what has no sleeve
    net.columns = kColumns + 1 + 2 * kMargin;
    for (int row = -1; row <= kUpperRows; ++row) {
      const float v = std::max(0.0F, static_cast<float>(row) / kUpperRows);
      for (int column = -1; column <= kColumns + 1; ++column) {
        const float u = static_cast<float>(column) / kColumns;
        Net::Knot knot = upper(std::clamp(u, 0.0F, 1.0F), v);
        if (row < 0) knot = above(knot);
        if (column < 0) knot = beside(knot, 0, v);
        if (column > kColumns) knot = beside(knot, 1, v);
        net.knots.push_back(knot);
      }
      ++net.rows;
    }
    for (int row = 1; row <= kLowerRows + 1; ++row) {
      const float w = static_cast<float>(row) / kLowerRows;
      for (int column = -1; column <= kColumns + 1; ++column) {
        net.knots.push_back(
            lower(std::clamp(static_cast<float>(column) / kColumns, 0.0F, 1.0F), w));
      }
      ++net.rows;
    }
    return net;
  }

  [[nodiscard]] Net sleeve(std::size_t side, float& covered) const {
    constexpr int kSections = 28, kAcross = 8;
    const FigureLimb& arm = figure_.arms[side];
    const Strip& from = pattern_.limbs[side];
    Net net;
    if (!sleeved_[side] || !arm.seen || !arm.strip.present()) return net;
    const float whole = arm.strip.length();
    const float by_width = scale_ * from.length();
    const float share = by_width / std::max(1.0F, whole);
    // What nearly reaches the wrist is meant to.
    covered = share > 0.72F ? whole * 0.985F : by_width;
    const float hole = distance(
        figure_.at(sign_of(side) * tip_[side], figure_.shoulder_line(sign_of(side) * tip_[side])),
        armpit_point(side));
    net.columns = kAcross + 1;
    // One section before the armhole: the seam is covered twice, lest the person shine through it.
    const Point onwards = unit(arm.strip.sections[1].middle() - arm.strip.sections[0].middle());
    for (int i = -1; i <= kSections + 1; ++i) {
      const float t = static_cast<float>(i) / kSections;
      Section source = from.at(t * from.length());
      const float to_along = t * covered;
      const Point back = onwards * std::min(0.0F, to_along);
      Section target = arm.strip.at(to_along);
      // As loose as it is cut, within what looks worn.
      const float body_half = std::max(1.0F, distance(target.outer, target.inner) / 2);
      const float cloth_half = scale_ * distance(source.outer, source.inner) / 2;
      // Close at the shoulder, looser from the armpit on.
      const float turn = smooth_step(0, 1.1F * hole, to_along);
      const float least = (1 + 0.06F * turn) * body_half + (0.4F + 0.6F * turn) * ease();
      const float half = std::clamp(cloth_half, least, (1 + 0.18F * turn) * least);
      const Point middle = target.middle();
      const Point aside = unit(target.outer - target.inner);
      target.outer = middle + aside * half;
      target.inner = middle - aside * half;
      target.outer =
          mix(tip_point(side) + back, target.outer, smooth_step(0, 0.15F * hole, to_along));
      target.inner = mix(armpit_point(side) + back, target.inner, turn);
      const float width = std::max(1.0F, distance(source.outer, source.inner));
      const float inset = t > 0 ? std::min(0.2F, kInset / width) : 0;
      for (int column = 0; column <= kAcross; ++column) {
        const float u = static_cast<float>(column) / kAcross;
        net.knots.push_back({mix(source.outer, source.inner, inset + u * (1 - 2 * inset)),
                             mix(target.outer, target.inner, u),
                             roundness(u, 0.18F * std::clamp(3 * t, 0.0F, 1.0F))});
      }
      ++net.rows;
    }
    return net;
  }

  [[nodiscard]] float hem() const { return hem_; }
  [[nodiscard]] float top() const { return figure_.shoulder_line(0); }

 private:
  [[nodiscard]] Point tip_point(std::size_t side) const {
    const float aside = sign_of(side) * tip_[side];
    return figure_.at(aside, figure_.shoulder_line(aside) - ease());
  }
  [[nodiscard]] Point armpit_point(std::size_t side) const {
    return figure_.at(sign_of(side) * edge(side, armpit_[side], pattern_.armpit[side].y),
                      armpit_[side]);
  }
  [[nodiscard]] float ease() const { return 1.5F + 0.012F * figure_.torso; }

  // Where the trunk's cloth ends to one side: the body decides, a wide cut makes it a bit wider.
  [[nodiscard]] float edge(std::size_t side, float down, float source_row) const {
    const float body = figure_.reach(side, down);
    const float cut = scale_ * pattern_.reach_at(side, source_row);
    const float below = std::clamp((down - figure_.torso) / figure_.torso, 0.0F, 1.0F);
    const float loose = dress_ ? 1.08F + 0.8F * below : 1.07F;
    return std::clamp(cut, body + ease(), loose * body + ease());
  }

  [[nodiscard]] Net::Knot upper(float u, float v) const {
    const float source_x = -pattern_.tip[0].x + u * (pattern_.tip[0].x + pattern_.tip[1].x);
    const Point source_top{pattern_.axis + source_x, pattern_.shoulder_line(source_x)};
    const Point source_low = mix({pattern_.axis - pattern_.armpit[0].x, pattern_.armpit[0].y},
                                 {pattern_.axis + pattern_.armpit[1].x, pattern_.armpit[1].y}, u);
    const float aside = -tip_[0] + u * (tip_[0] + tip_[1]);
    const Point top = figure_.at(aside, figure_.shoulder_line(aside) - ease());
    const Point low = mix(armpit_point(0), armpit_point(1), u);
    return {mix(source_top, source_low, v), mix(top, low, v), roundness(u, 0.12F * v)};
  }

  // Collars stand up from the shoulder's line.
  [[nodiscard]] Net::Knot above(Net::Knot knot) const {
    const float rise = std::max(2.0F, knot.from.y - pattern_.top + 2);
    const Point up = unit(figure_.at(0, 0) - figure_.at(0, figure_.torso));
    return {{knot.from.x, knot.from.y - rise}, knot.to + up * (rise * scale_), knot.light};
  }

  // Above the armpit what has no sleeve may stand out beyond the straight line of the armhole.
  [[nodiscard]] Net::Knot beside(Net::Knot knot, std::size_t side, float v) const {
    if (sleeved_[side]) return knot;
    const float out = sign_of(side) * 0.22F * pattern_.armpit[side].x * (1 - v);
    const Point aside = figure_.at(1, 0) - figure_.at(0, 0);
    return {{knot.from.x + out, knot.from.y}, knot.to + aside * (out * scale_), knot.light};
  }

  [[nodiscard]] Net::Knot lower(float u, float w) const {
    std::array<Point, 2> source, target;
    for (std::size_t side : {0U, 1U}) {
      const float from = pattern_.armpit[side].y;
      const float row = from + w * (pattern_.bottom - from);
      source[side] = {pattern_.axis + sign_of(side) * (pattern_.reach_at(side, row) - kInset), row};
      const float down = armpit_[side] + w * (hem_ - armpit_[side]);
      target[side] = figure_.at(sign_of(side) * edge(side, down, row), down);
    }
    return {mix(source[0], source[1], u), mix(target[0], target[1], u), roundness(u, 0.12F)};
  }

  const Pattern& pattern_;
  const Figure& figure_;
  float hem_ = 0, scale_ = 1;
  bool dress_ = false;
  std::array<bool, 2> sleeved_{};
  std::array<float, 2> tip_{}, armpit_{};
};

// From the waist down: the skirt's whole, or the trousers' upper part.
Net below_waist(const Pattern& pattern, const Figure& figure, float from_row, float to_row,
                float from_down, float to_down, float scale) {
  Net net;
  net.columns = kColumns + 1;
  const float ease = 1.5F + 0.012F * figure.torso;
  const int first = -2;  // beyond the waistband: clear
  const int last = pattern.cut == Cut::skirt ? kLowerRows + 1 : kLowerRows;
  for (int row = first; row <= last; ++row) {
    const float w = static_cast<float>(row) / kLowerRows;
    const float source_row = from_row + w * (to_row - from_row);
    const float down = from_down + w * (to_down - from_down);
    std::array<Point, 2> source, target;
    for (std::size_t side : {0U, 1U}) {
      const float reach = figure.reach(side, down);
      const float cut = scale * pattern.reach_at(side, source_row);
      const float loose =
          pattern.cut == Cut::skirt ? 1.08F + 0.9F * std::clamp(w, 0.0F, 1.0F) : 1.12F;
      const float half = std::clamp(cut, reach + ease, loose * reach + ease);
      source[side] = {pattern.axis + sign_of(side) * (pattern.reach_at(side, source_row) - kInset),
                      source_row};
      target[side] = figure.at(sign_of(side) * half, down);
    }
    for (int column = 0; column <= kColumns; ++column) {
      const float u = static_cast<float>(column) / kColumns;
      net.knots.push_back(
          {mix(source[0], source[1], u), mix(target[0], target[1], u), roundness(u, 0.12F)});
    }
    ++net.rows;
  }
  return net;
}

Net leg_net(const Pattern& pattern, const Figure& figure, std::size_t side, Section first,
            float length_down, float scale) {
  constexpr int kSections = 40, kAcross = 8;
  const Strip& from = pattern.limbs[side];
  const FigureLimb& leg = figure.legs[side];
  Net net;
  if (!from.present() || !leg.strip.present()) return net;
  // The strip starts at the hip; trousers' legs start where they part.
  const float start = std::min(figure.crotch - figure.torso, 0.6F * leg.strip.length());
  net.columns = kAcross + 1;
  for (int i = -1; i <= kSections + 1; ++i) {  // one before the seam, as for sleeves
    const float t = static_cast<float>(i) / kSections;
    const Section source = from.at(t * from.length());
    const float along = start + t * length_down;
    Section target = leg.strip.at(along);
    const float body_half = std::max(1.0F, distance(target.outer, target.inner) / 2);
    const float cloth_half = scale * distance(source.outer, source.inner) / 2;
    const float half = std::clamp(cloth_half, 1.05F * body_half + 1, 1.5F * body_half + 1);
    const Point middle = target.middle(), aside = unit(target.outer - target.inner);
    const float turn = smooth_step(0, 0.35F * figure.torso, t * length_down);
    target.outer = mix(first.outer + (target.middle() - leg.strip.at(start).middle()),
                       middle + aside * half, turn);
    target.inner = mix(first.inner + (target.middle() - leg.strip.at(start).middle()),
                       middle - aside * half, turn);
    const float width = std::max(1.0F, distance(source.outer, source.inner));
    const float inset = std::min(0.2F, kInset / width);
    for (int column = 0; column <= kAcross; ++column) {
      const float u = static_cast<float>(column) / kAcross;
      net.knots.push_back({mix(source.outer, source.inner, inset + u * (1 - 2 * inset)),
                           mix(target.outer, target.inner, u),
                           roundness(u, 0.15F * std::clamp(0.7F + 2 * t, 0.0F, 1.0F))});
    }
    ++net.rows;
  }
  return net;
}

Fitted fit_lower(const Pattern& pattern, const Figure& figure) {
  Fitted fitted;
  const auto row = pattern.top + 2;
  const float hips = figure.reach(0, figure.torso) + figure.reach(1, figure.torso);
  fitted.top = figure.waist;
  if (pattern.cut == Cut::skirt) {
    const float third = pattern.top + 0.33F * (pattern.bottom - pattern.top);
    const float scale =
        hips / std::max(1.0F, pattern.reach_at(0, third) + pattern.reach_at(1, third));
    fitted.hem = std::clamp(figure.waist + scale * (pattern.bottom - pattern.top),
                            1.25F * figure.torso, 1.02F * figure.ankles);
    fitted.trunk =
        below_waist(pattern, figure, row, pattern.bottom, figure.waist, fitted.hem, scale);
    return fitted;
  }
  const float seat = pattern.top + 0.8F * (pattern.crotch - pattern.top);
  const float scale = hips / std::max(1.0F, pattern.reach_at(0, seat) + pattern.reach_at(1, seat));
  fitted.trunk =
      below_waist(pattern, figure, row, pattern.crotch, figure.waist, figure.crotch, scale);
  const Net::Knot left = fitted.trunk.at(0, fitted.trunk.rows - 1);
  const Net::Knot right = fitted.trunk.at(kColumns, fitted.trunk.rows - 1);
  const float parting = (pattern.axis - pattern.limbs[0].sections.front().outer.x) /
                        std::max(1.0F, pattern.limbs[1].sections.front().outer.x -
                                           pattern.limbs[0].sections.front().outer.x);
  const Point crotch = mix(left.to, right.to, std::clamp(parting, 0.35F, 0.65F));
  const float leg = figure.ankles - figure.crotch;
  const float natural = scale * (pattern.bottom - pattern.crotch);
  const float length_down = natural > 0.72F * leg ? 1.01F * leg : natural;
  fitted.hem = figure.crotch + length_down;
  for (std::size_t side : {0U, 1U}) {
    const Section first{side == 0 ? left.to : right.to, crotch, 0};
    fitted.limbs[side] = leg_net(pattern, figure, side, first, length_down, scale);
  }
  return fitted;
}

}  // namespace

Fitted fit(const Pattern& pattern, const Figure& figure, float old_hem) {
  if (pattern.cut != Cut::top) return fit_lower(pattern, figure);
  Fitted fitted;
  const TopFitting top(pattern, figure, old_hem);
  fitted.trunk = top.trunk();
  fitted.hem = top.hem();
  fitted.top = top.top();
  for (std::size_t side : {0U, 1U}) {
    fitted.limbs[side] = top.sleeve(side, fitted.sleeve_end[side]);
    fitted.behind[side] = figure.arms[side].behind;
  }
  return fitted;
}

}  // namespace selvage::tryon
