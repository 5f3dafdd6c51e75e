#include "tryon/compose/figure.hpp"

#include <algorithm>
#include <cmath>

#include "tryon/compose/outline.hpp"

namespace selvage::tryon {
namespace {

Point place(const BodyPoint& p) { return {p.x, p.y}; }

float middle_of(std::vector<float> values, float otherwise) {
  if (values.empty()) return otherwise;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

float Figure::inside(Point p) const {
  const float x = p.x * scale_x_ - 0.5F, y = p.y * scale_y_ - 0.5F;
  if (x < -1 || y < -1 || x > static_cast<float>(body_->columns) ||
      y > static_cast<float>(body_->rows)) {
    return 0;
  }
  const float fx = std::clamp(x, 0.0F, static_cast<float>(body_->columns - 1));
  const float fy = std::clamp(y, 0.0F, static_cast<float>(body_->rows - 1));
  const int ix = static_cast<int>(fx), iy = static_cast<int>(fy);
  const int jx = std::min(ix + 1, body_->columns - 1), jy = std::min(iy + 1, body_->rows - 1);
  const float tx = fx - static_cast<float>(ix), ty = fy - static_cast<float>(iy);
  auto cell = [&](int column, int row) {
    return static_cast<float>(
        body_->silhouette[static_cast<std::size_t>(row) * static_cast<std::size_t>(body_->columns) +
                          static_cast<std::size_t>(column)]);
  };
  const float upper = cell(ix, iy) * (1 - tx) + cell(jx, iy) * tx;
  const float lower = cell(ix, jy) * (1 - tx) + cell(jx, jy) * tx;
  return (upper * (1 - ty) + lower * ty) / 255;
}

Point Figure::at(float aside, float down) const {
  std::size_t part = 0;
  while (part < 2 && down > way_[part + 1]) ++part;
  const float length_of = std::max(1.0F, way_[part + 1] - way_[part]);
  const Point middle = mix(axis_[part], axis_[part + 1], (down - way_[part]) / length_of);
  // The direction turns gradually around the joints, lest rows cross.
  const Point here = unit(axis_[part + 1] - axis_[part]);
  Point direction = here;
  const float t = (down - way_[part]) / length_of;
  if (t > 0.5F && part < 2) {
    direction = mix(here, unit(axis_[part + 2] - axis_[part + 1]), std::min(t, 1.0F) - 0.5F);
  } else if (t < 0.5F && part > 0) {
    direction = mix(here, unit(axis_[part] - axis_[part - 1]), 0.5F - std::max(t, 0.0F));
  }
  return middle + turned(unit(direction)) * aside;
}

Point Figure::local(Point p) const {
  const Point off = p - axis_[0];
  return {dot(off, aside_), dot(off, down_)};
}

float Figure::ray(Point from, Point direction, float most) const {
  constexpr float kStep = 1.0F;
  float way = 0;
  while (way < most && inside(from + direction * way) > 0.5F) way += kStep;
  return std::min(way, most);
}

float Figure::reach(std::size_t side, float down) const {
  const auto& values = reach_[side];
  const float row = std::clamp(down / step_, 0.0F, static_cast<float>(values.size() - 1));
  const auto i = static_cast<std::size_t>(row);
  const std::size_t next = std::min(i + 1, values.size() - 1);
  return values[i] + (values[next] - values[i]) * (row - static_cast<float>(i));
}

float Figure::shoulder_line(float aside) const {
  const std::size_t side = aside < 0 ? 0 : 1;
  const float out = std::abs(aside);
  const float t = (out - neck_half) / std::max(1.0F, tip[side] - neck_half);
  const auto& rise = rise_[side];
  if (t <= 0) {
    const float level = (rise_[0][0] + rise_[1][0]) / 2;
    return -(level + (rise[0] - level) * std::min(1.0F, out / neck_half));
  }
  constexpr auto kLast = static_cast<float>(kShoulderPoints - 1);
  if (t >= 1) return -(rise.back() - (t - 1) * 1.5F * (rise.front() - rise.back()));
  const float place_of = t * kLast;
  const auto i = static_cast<std::size_t>(place_of);
  const float part = place_of - static_cast<float>(i);
  return -(rise[i] + (rise[i + 1] - rise[i]) * part);
}

Strip Figure::along_limb(const FigureLimb& limb, std::size_t side, float half_root,
                         float half_end) const {
  constexpr int kSections = 24;
  const float first = distance(limb.root, limb.bend), second = distance(limb.bend, limb.end);
  const float whole = std::max(1.0F, first + second);
  const float bend = std::clamp(first / whole, 0.2F, 0.8F);
  const Point upper = unit(limb.bend - limb.root), lower = unit(limb.end - limb.bend);
  std::vector<float> outs, ins;
  std::vector<Point> middles, sides;
  for (int i = 0; i <= kSections; ++i) {
    const float t = static_cast<float>(i) / kSections;
    const Point middle = t < bend ? mix(limb.root, limb.bend, t / bend)
                                  : mix(limb.bend, limb.end, (t - bend) / (1 - bend));
    // Around the joint the direction turns over a tenth of the limb on both sides.
    const float turn = smooth_step(bend - 0.12F, bend + 0.12F, t);
    Point outwards = turned(unit(mix(upper, lower, turn)));
    if (side == 0) outwards = outwards * -1;
    const float usual = half_root + (half_end - half_root) * t;
    const float most = 2.1F * usual;
    float out = ray(middle, outwards, most), in = ray(middle, outwards * -1, most);
    // What runs on is not the limb's edge but the trunk or another limb.
    if (out >= most || out < 0.35F * usual) out = usual;
    if (in >= most || in < 0.35F * usual) in = std::min(usual, out);
    outs.push_back(out);
    ins.push_back(in);
    middles.push_back(middle);
    sides.push_back(outwards);
  }
  smooth(outs, 2);
  smooth(ins, 2);
  Strip strip;
  for (std::size_t i = 0; i < middles.size(); ++i) {
    strip.sections.push_back({middles[i] + sides[i] * outs[i], middles[i] - sides[i] * ins[i], 0});
  }
  strip.measure();
  return strip;
}

void Figure::measure_arms(const Body& body) {
  struct Points {
    BodyPart shoulder, elbow, wrist, index;
  };
  const Points lefts{BodyPart::left_shoulder, BodyPart::left_elbow, BodyPart::left_wrist,
                     BodyPart::left_index};
  const Points rights{BodyPart::right_shoulder, BodyPart::right_elbow, BodyPart::right_wrist,
                      BodyPart::right_index};
  const bool faces_us = body[BodyPart::right_shoulder].x <= body[BodyPart::left_shoulder].x;
  for (std::size_t side : {0U, 1U}) {
    const Points& from = (side == 0) == faces_us ? rights : lefts;
    FigureLimb& arm = arms[side];
    arm.root = place(body[from.shoulder]);
    arm.bend = place(body[from.elbow]);
    arm.end = place(body[from.wrist]);
    arm.tip = place(body[from.index]);
    const float upper = distance(arm.root, arm.bend);
    arm.seen = body[from.elbow].visibility > 0.3F && upper > 0.15F * torso;
    const float depth = std::max(body[from.wrist].z, body[from.elbow].z);
    const Point wrist = local(arm.end);
    arm.behind = body[from.wrist].visibility < 0.5F && depth > 0.1F * torso &&
                 std::abs(wrist.x) < 0.45F * shoulders;
    // The middle of the upper arm lies a little outside and below the joint.
    const float usual = 0.15F * shoulders + 0.03F * torso;
    arm.half = usual;
    arm.strip = along_limb(arm, side, usual, 0.6F * usual);
    std::vector<float> halves;
    for (std::size_t i = 8; i < 16 && i < arm.strip.sections.size(); ++i) {
      const Section& s = arm.strip.sections[i];
      halves.push_back(distance(s.outer, s.inner) / 2);
    }
    arm.half = std::clamp(middle_of(halves, usual), 0.7F * usual, 1.6F * usual);
  }
}

void Figure::measure_trunk() {
  armpit = 0.24F * torso;
  waist = 0.80F * torso;
  crotch = 1.24F * torso;
  step_ = std::max(1.0F, torso / 80);
  const int rows = static_cast<int>(way_[3] / step_) + 2;
  const float hips =
      std::max(0.30F * shoulders, std::abs(local(legs[0].root).x - local(legs[1].root).x) / 2);
  for (std::size_t side : {0U, 1U}) {
    const float sign = side == 0 ? -1.0F : 1.0F;
    std::vector<float> expected, found;
    for (int row = 0; row < rows; ++row) {
      const float down = static_cast<float>(row) * step_;
      const float t = std::clamp((down - armpit) / (torso - armpit), 0.0F, 1.0F);
      const float usual = 0.47F * shoulders * (1 - t) + 1.55F * hips * t;
      expected.push_back(usual);
      const Point middle = at(0, down);
      const Point outwards = at(sign, down) - middle;
      const float most = 2.4F * usual;
      float way = 0;
      if (down <= 1.1F * torso) {
        way = ray(middle, outwards, most);
        // Where an arm crosses the row, the trunk ends before it.
        const FigureLimb& arm = arms[side];
        for (const auto& [a, b] : {std::pair{arm.root, arm.bend}, std::pair{arm.bend, arm.end},
                                   std::pair{arm.end, arm.tip}}) {
          const float da = dot(a - middle, turned(outwards)),
                      db = dot(b - middle, turned(outwards));
          if (!arm.seen || da * db > 0 || std::abs(da - db) < 1) continue;
          const float x = dot(mix(a, b, da / (da - db)) - middle, outwards);
          if (way > x - 0.6F * arm.half && x > 0.9F * usual)
            way = std::min(way, x - 0.85F * arm.half);
        }
      } else {
        // Below the hips the legs' outer edges count.
        const Strip& leg = legs[side].strip;
        const float share = (down - way_[1]) / std::max(1.0F, way_[3] - way_[1]) * leg.length();
        way = leg.present() ? dot(leg.at(share).outer - middle, outwards) : usual;
      }
      const bool fits = way > 0.72F * usual && way < 1.75F * usual && way < most;
      found.push_back(fits || down > 1.1F * torso ? std::max(way, 0.2F * usual) : 0);
    }
    // What could not be seen is the expectation, stretched as what could be.
    std::vector<float> ratios;
    for (int row = static_cast<int>(armpit / step_); row < static_cast<int>(torso / step_); ++row) {
      if (found[row] > 0) ratios.push_back(found[row] / expected[row]);
    }
    const float ratio = std::clamp(middle_of(ratios, 1), 0.8F, 1.6F);
    const int from = static_cast<int>(armpit / step_);
    std::vector<float>& reaches = reach_[side];
    reaches.assign(found.size(), 0);
    for (int row = 0; row < rows; ++row) {
      const bool arm_hole = row < from;  // there the shoulder and the arm's root are one
      const float guess = ratio * expected[row];
      reaches[row] =
          !arm_hole && found[row] > 0 ? std::clamp(found[row], 0.8F * guess, 1.45F * guess) : guess;
    }
    smooth(reaches, 3);
  }
}

void Figure::measure_legs(const Body& body) {
  const bool faces_us = body[BodyPart::right_hip].x <= body[BodyPart::left_hip].x;
  for (std::size_t side : {0U, 1U}) {
    const bool right = (side == 0) == faces_us;
    FigureLimb& leg = legs[side];
    const BodyPoint& knee = body[right ? BodyPart::right_knee : BodyPart::left_knee];
    leg.root = place(body[right ? BodyPart::right_hip : BodyPart::left_hip]);
    leg.bend = place(knee);
    leg.end = place(body[right ? BodyPart::right_ankle : BodyPart::left_ankle]);
    leg.tip = leg.end;
    leg.seen = distance(leg.root, leg.bend) > 0.25F * torso;
    const float usual = 0.24F * shoulders + 0.02F * torso;
    leg.half = usual;
    leg.strip = along_limb(leg, side, usual, 0.45F * usual);
  }
  axis_[2] = mix(legs[0].bend, legs[1].bend, 0.5F);
  axis_[3] = mix(legs[0].end, legs[1].end, 0.5F);
  // Of somebody who sits or strides the legs say nothing about where cloth hangs.
  const Point down = unit(axis_[1] - axis_[0]);
  for (const FigureLimb& leg : legs)
    upright = upright && dot(unit(leg.bend - leg.root), down) > 0.8F;
  upright = upright && dot(unit(axis_[3] - axis_[2]), down) > 0.75F;
  if (!upright) {
    axis_[2] = axis_[1] + down * (0.8F * torso);
    axis_[3] = axis_[2] + down * (0.8F * torso);
  }
  for (std::size_t i = 1; i < 4; ++i) {
    way_[i] = way_[i - 1] + std::max(1.0F, distance(axis_[i], axis_[i - 1]));
  }
  ankles = way_[3];
}

void Figure::measure_head(const Body& body) {
  const Point ears = mix(place(body[BodyPart::left_ear]), place(body[BodyPart::right_ear]), 0.5F);
  const Point mouth =
      mix(place(body[BodyPart::mouth_left]), place(body[BodyPart::mouth_right]), 0.5F);
  const Point eyes = mix(place(body[BodyPart::left_eye]), place(body[BodyPart::right_eye]), 0.5F);
  const float face = distance(eyes, mouth);
  head = mix(ears, mix(eyes, mouth, 0.5F), 0.5F);
  head_radius = std::max(0.30F * shoulders, 1.9F * face);
  chin = mouth + (mouth - eyes) * 0.72F;
  neck_half = std::clamp(0.19F * shoulders, 0.10F * torso, 0.2F * torso);
  measure_shoulders();
}

void Figure::measure_shoulders() {
  // Cameras that look down shorten the neck.
  const float neck = std::clamp(-0.55F * local(chin).y, 0.08F * torso, 0.20F * torso);
  const float end = 0.06F * torso, below = 0.13F * torso;
  const Point up = unit(axis_[0] - axis_[1]);
  for (std::size_t side : {0U, 1U}) {
    const float sign = side == 0 ? -1.0F : 1.0F;
    tip[side] = std::abs(local(arms[side].root).x) + 0.6F * arms[side].half;
    // Upwards from within the shoulder to where the person ends, if that is where it may be: hair
    // and raised arms go on.
    std::array<float, kShoulderPoints> usual{}, off{};
    std::array<bool, kShoulderPoints> seen{};
    std::vector<float> offs;
    for (std::size_t i = 0; i < kShoulderPoints; ++i) {
      const float t = static_cast<float>(i) / (kShoulderPoints - 1);
      usual[i] = neck + (end - neck) * (0.8F * t + 0.2F * t * t * t);
      const float aside = sign * (neck_half + t * (tip[side] - neck_half));
      off[i] = ray(at(aside, below - usual[i]), up, 0.4F * torso) - below;
      seen[i] = std::abs(off[i]) < (t < 0.3F ? 0.10F : 0.15F) * torso;
      if (seen[i]) offs.push_back(off[i]);
    }
    const float typical = 0.6F * middle_of(offs, 0);
    std::vector<float> rises;
    for (std::size_t i = 0; i < kShoulderPoints; ++i)
      rises.push_back(usual[i] + (seen[i] ? off[i] : typical));
    // From the neck outwards a shoulder only falls.
    for (std::size_t i = kShoulderPoints - 1; i > 0; --i)
      rises[i - 1] = std::max(rises[i - 1], rises[i]);
    smooth(rises, 1);
    std::copy(rises.begin(), rises.end(), rise_[side].begin());
  }
}

std::optional<Figure> Figure::measure(const Body& body, int width, int height) {
  if (body.columns <= 0 || body.rows <= 0 || width <= 0 || height <= 0 ||
      body.silhouette.size() !=
          static_cast<std::size_t>(body.columns) * static_cast<std::size_t>(body.rows)) {
    return std::nullopt;
  }
  for (const BodyPoint& point : body.points) {
    const float far = 8.0F * static_cast<float>(std::max(width, height));
    if (!(std::abs(point.x) < far && std::abs(point.y) < far && std::isfinite(point.z)))
      return std::nullopt;
  }
  Figure figure;
  figure.body_ = &body;
  figure.scale_x_ = static_cast<float>(body.columns) / static_cast<float>(width);
  figure.scale_y_ = static_cast<float>(body.rows) / static_cast<float>(height);
  const Point left = place(body[BodyPart::left_shoulder]);
  const Point right = place(body[BodyPart::right_shoulder]);
  figure.axis_[0] = mix(left, right, 0.5F);
  figure.axis_[1] = mix(place(body[BodyPart::left_hip]), place(body[BodyPart::right_hip]), 0.5F);
  figure.torso = distance(figure.axis_[0], figure.axis_[1]);
  figure.down_ = unit(figure.axis_[1] - figure.axis_[0]);
  figure.aside_ = turned(figure.down_);
  figure.shoulders = std::abs(figure.local(left).x - figure.local(right).x);
  // From the side there is no front to lay a garment on; far away there is nothing to see.
  if (figure.torso < 24 || figure.shoulders < 0.3F * figure.torso ||
      figure.shoulders > 2.2F * figure.torso) {
    return std::nullopt;
  }
  const float hidden =
      std::min(body[BodyPart::left_shoulder].visibility, body[BodyPart::right_shoulder].visibility);
  if (hidden < 0.4F) return std::nullopt;
  figure.measure_legs(body);
  figure.measure_arms(body);
  figure.measure_trunk();
  figure.measure_head(body);
  return figure;
}

}  // namespace selvage::tryon
