#include "tryon/compose/old_clothes.hpp"

#include <algorithm>
#include <cmath>

#include "tryon/compose/patch.hpp"

namespace selvage::tryon {
namespace {

using image::Picture;

// Where a point is on an arm: way from the shoulder along the bones, and how far off, in halves of
// the arm's width there.
struct OnArm {
  float along = 0, off = 0;
};

OnArm on_arm(const FigureLimb& arm, Point p) {
  const Nearest upper = nearest_on(arm.root, arm.bend, p), lower = nearest_on(arm.bend, arm.end, p);
  const Point fingers = arm.end + (arm.tip - arm.end) * 1.35F;
  const Nearest hand = nearest_on(arm.end, fingers, p);
  const float first = distance(arm.root, arm.bend), second = distance(arm.bend, arm.end);
  OnArm best{first * upper.along, upper.distance / arm.half};
  const float fore = arm.half * (1 - 0.35F * lower.along);
  if (lower.distance / fore < best.off)
    best = {first + second * lower.along, lower.distance / fore};
  const float palm = 0.85F * arm.half;
  if (hand.distance / palm < best.off)
    best = {first + second + hand.along * distance(arm.end, fingers), hand.distance / palm};
  return best;
}

Box arm_box(const FigureLimb& arm, const Picture& picture) {
  return box_around({arm.root, arm.bend, arm.end, arm.end + (arm.tip - arm.end) * 1.35F},
                    2.2F * arm.half, picture);
}

}  // namespace

OldClothes::OldClothes(const Picture& person, const Figure& figure) {
  const float torso = figure.torso;
  Usual face;
  const Point up = unit(figure.at(0, 0) - figure.at(0, torso));
  for_pixels(box_around({figure.head}, 0.45F * figure.head_radius, person),
             [&](int x, int y, Point p) {
               if (distance(p, figure.head) < 0.45F * figure.head_radius && figure.inside(p) > 0.8F)
                 face.add(colour_at(person, x, y));
             });
  skin_ = face.colour();
  if (!skin_) {
    Usual hands;
    for (const FigureLimb& arm : figure.arms) {
      const Point palm = mix(arm.end, arm.tip, 0.6F);
      for_pixels(box_around({palm}, 0.4F * arm.half, person), [&](int x, int y, Point p) {
        if (arm.seen && figure.inside(p) > 0.8F) hands.add(colour_at(person, x, y));
      });
    }
    skin_ = hands.colour();
  }
  // Above the forehead, up to where the person ends.
  Usual hair;
  for (float way = 0.55F; way < 2.0F; way += 0.03F) {
    for (float aside = -0.3F; aside <= 0.3F; aside += 0.06F) {
      const Point p =
          figure.head + up * (way * figure.head_radius) + turned(up) * (aside * figure.head_radius);
      const int x = static_cast<int>(p.x), y = static_cast<int>(p.y);
      if (x < 0 || y < 0 || x >= person.width || y >= person.height) continue;
      if (figure.inside(p) < 0.9F) continue;
      const Colour colour = colour_at(person, x, y);
      if (!skin_ || unlike(colour, *skin_) > 9) hair.add(colour);
    }
  }
  hair_ = hair.colour();

  // A few colours that stand for what covers the trunk.
  constexpr std::size_t kMost = 14;
  constexpr float kApart = 4, kSkin = 4;
  std::vector<Colour> found;
  std::vector<int> counts;
  int seen = 0;
  for (float down = 0.12F * torso; down < 0.80F * torso; down += std::max(1.0F, torso / 90)) {
    for (float share = -0.8F; share <= 0.8F; share += 0.03F) {
      const float aside = share * figure.reach(share < 0 ? 0 : 1, down);
      const Point p = figure.at(aside, down);
      const int x = static_cast<int>(p.x), y = static_cast<int>(p.y);
      if (x < 0 || y < 0 || x >= person.width || y >= person.height || figure.inside(p) < 0.8F)
        continue;
      if (on_arm(figure.arms[0], p).off < 1.1F || on_arm(figure.arms[1], p).off < 1.1F) continue;
      const Colour colour = colour_at(person, x, y);
      ++seen;
      if (skin_ && unlike(colour, *skin_) < kSkin) continue;
      if (hair_ && down < 0.4F * torso && unlike(colour, *hair_) < kApart) continue;
      std::size_t i = 0;
      while (i < found.size() && unlike(colour, found[i]) > kApart) ++i;
      if (i < found.size()) {
        ++counts[i];
      } else if (found.size() < kMost) {
        found.push_back(colour);
        counts.push_back(1);
      }
    }
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (counts[i] * 30 > seen) cloth_.push_back(found[i]);
  }
  find_hem(person, figure);
}

// Going down, the colours on the middle of the body change where the upper part ends.
void OldClothes::find_hem(const Picture& person, const Figure& figure) {
  const float torso = figure.torso, step = std::max(1.0F, torso / 60);
  int cloth_run = 0, other_run = 0;
  float last_cloth = 0;
  for (float down = 0.6F * torso; down < 1.5F * torso; down += step) {
    int cloth = 0, count = 0;
    for (float share = -0.6F; share <= 0.6F; share += 0.1F) {
      const Point p = figure.at(share * figure.reach(share < 0 ? 0 : 1, down), down);
      const int x = static_cast<int>(p.x), y = static_cast<int>(p.y);
      if (x < 0 || y < 0 || x >= person.width || y >= person.height) continue;
      if (on_arm(figure.arms[0], p).off < 1.2F || on_arm(figure.arms[1], p).off < 1.2F) continue;
      ++count;
      cloth += nearest_cloth(colour_at(person, x, y)) < 7 ? 1 : 0;
    }
    if (count < 4) continue;
    if (cloth * 2 > count) {
      ++cloth_run;
      last_cloth = down;
      other_run = 0;
    } else if (++other_run > 4) {
      hem_ = cloth_run > 3 ? last_cloth + step : 0;
      return;
    }
  }
}

float OldClothes::nearest_cloth(const Colour& colour) const {
  float nearest = 1e9F;
  for (const Colour& cloth : cloth_) nearest = std::min(nearest, unlike(colour, cloth));
  return nearest;
}

std::uint8_t OldClothes::judge(const Colour& colour) const {
  const float cloth = nearest_cloth(colour);
  const float skin = skin_ ? unlike(colour, *skin_) : 1e9F;
  const float hair = hair_ ? unlike(colour, *hair_) : 1e9F;
  int looks = 0;
  if (skin_ && cloth < 13 && cloth < 0.75F * skin && skin > 8) looks |= kCloth;
  if (skin < 17 && skin < cloth) looks |= kSkin;
  if (hair < 8 && hair < 0.55F * cloth && hair < 0.7F * skin) looks |= kHair;
  return static_cast<std::uint8_t>(looks);
}

std::uint8_t OldClothes::looks(const Picture& picture, int x, int y) const {
  const std::uint8_t* p = picture.row(y).data() + 3 * static_cast<std::size_t>(x);
  std::uint8_t& known =
      judged_[static_cast<std::size_t>((p[0] >> 3) << 10 | (p[1] >> 3) << 5 | p[2] >> 3)];
  if (known == kUnknown) known = judge(colour_at(p));
  return known;
}

void OldClothes::bare(Picture& person, const Figure& figure, const Light& light,
                      const std::array<float, 2>& sleeve_end) const {
  if (!skin_ || cloth_.empty()) return;
  auto paint = [&](int x, int y, float cover, float shade) {
    if (cover <= 0.01F) return;
    const float fold = light.at(static_cast<float>(x) + 0.5F, static_cast<float>(y) + 0.5F) - 1;
    const float lit = shade * (1 + 0.4F * fold);
    std::uint8_t* p = person.row(y).data() + 3 * static_cast<std::size_t>(x);
    const float values[] = {skin_->r, skin_->g, skin_->b};
    for (int c = 0; c < 3; ++c) {
      const float mixed = static_cast<float>(p[c]) * (1 - cover) + values[c] * lit * cover;
      p[c] = static_cast<std::uint8_t>(std::clamp(mixed + 0.5F, 0.0F, 255.0F));
    }
  };
  for (std::size_t side : {0U, 1U}) {
    const FigureLimb& arm = figure.arms[side];
    const float wrist = distance(arm.root, arm.bend) + 0.97F * distance(arm.bend, arm.end);
    if (!arm.seen || arm.behind || sleeve_end[side] > 0.9F * wrist) continue;
    Patch old(arm_box(arm, person)), off(old.box), along(old.box);
    // The old sleeve goes down to where the arm stops being mostly cloth. All of it is painted:
    // what is left of a pattern would look like dirt.
    constexpr int kBins = 48;
    std::array<std::pair<int, int>, kBins> shares{};  // cloth, all
    for_pixels(old.box, [&](int x, int y, Point p) {
      const OnArm place = on_arm(arm, p);
      off.at(x, y) =
          place.off > 1.6F || place.along > wrist || figure.inside(p) < 0.35F ? 9 : place.off;
      along.at(x, y) = place.along;
      if (off.at(x, y) > 8) return;
      const bool cloth = (looks(person, x, y) & kCloth) != 0;
      old.at(x, y) = cloth ? 1.0F : 0.0F;
      auto& share =
          shares[static_cast<std::size_t>(std::clamp(place.along / wrist, 0.0F, 0.999F) * kBins)];
      share.first += cloth ? 1 : 0;
      ++share.second;
    });
    float end = 0;
    for (std::size_t i = 0; i < kBins; ++i) {
      if (shares[i].first * 5 > shares[i].second * 2)
        end = wrist * static_cast<float>(i + 1) / kBins;
    }
    for_pixels(old.box, [&](int x, int y, Point) {
      if (along.at(x, y) < end && off.at(x, y) < 1.1F) old.at(x, y) = 1;
      if (along.at(x, y) > end + 4) old.at(x, y) = 0;
    });
    old.grow(2);
    old.soften(1);
    for_pixels(old.box, [&](int x, int y, Point p) {
      const float across = std::min(1.0F, off.at(x, y));
      const float seen = smooth_step(0.3F, 0.55F, figure.inside(p));
      paint(x, y, old.at(x, y) * seen, 1.03F - 0.30F * across * across * across * across);
    });
  }
  // Between chin and chest.
  const float chin = figure.local(figure.chin).y;
  Patch old(box_around({figure.at(-figure.tip[0], -0.35F * figure.torso),
                        figure.at(figure.tip[1], 0.5F * figure.torso), figure.chin},
                       2, person));
  for_pixels(old.box, [&](int x, int y, Point p) {
    const Point place = figure.local(p);
    // Beside the neck, above the shoulders, nothing but hair can be.
    const bool neck = std::abs(place.x) < 1.2F * figure.neck_half;
    const bool chest = place.y > chin && place.y < 0.5F * figure.torso &&
                       (neck || place.y > figure.shoulder_line(place.x) - 0.02F * figure.torso) &&
                       figure.inside(p) > 0.5F;
    old.at(x, y) = chest && (looks(person, x, y) & (kCloth | kHair)) == kCloth ? 1.0F : 0.0F;
  });
  // Stripes that look like skin are cloth, too.
  const int stripe = std::max(1, static_cast<int>(0.035F * figure.torso));
  old.grow(stripe);
  old.shrink(stripe);
  // Only what hangs together with the cloth on the chest: shadows below the chin may look like it.
  std::vector<std::pair<int, int>> open;
  for_pixels(old.box, [&](int x, int y, Point p) {
    const float down = figure.local(p).y;
    if (down > 0.2F * figure.torso && down < 0.3F * figure.torso && old.at(x, y) > 0) {
      old.at(x, y) = 2;
      open.emplace_back(x, y);
    }
  });
  old.flood(open, [&](int x, int y) { return old.at(x, y) == 1; }, 2);
  for (float& value : old.values) value = value > 1 ? 1.0F : 0.0F;
  old.grow(2);
  old.soften(1);
  const float neck_low = -0.12F * figure.torso;
  for_pixels(old.box, [&](int x, int y, Point p) {
    const Point place = figure.local(p);
    const float across = std::min(1.0F, std::abs(place.x) / (1.25F * figure.neck_half));
    const float neck = place.y < neck_low ? 0.22F * across * across : 0.0F;
    paint(x, y, old.at(x, y) * smooth_step(0.5F, 0.7F, figure.inside(p)), 0.95F - neck);
  });
}

std::vector<std::uint8_t> OldClothes::in_front(const Picture& person, const Figure& figure,
                                               const std::array<float, 2>& sleeve_end) const {
  std::vector<std::uint8_t> front(static_cast<std::size_t>(person.width) *
                                  static_cast<std::size_t>(person.height));
  auto keep = [&](Patch& patch) {
    patch.soften(1);
    for_pixels(patch.box, [&](int x, int y, Point) {
      std::uint8_t& value =
          front[static_cast<std::size_t>(y) * static_cast<std::size_t>(person.width) +
                static_cast<std::size_t>(x)];
      value = std::max(value, static_cast<std::uint8_t>(255 * patch.at(x, y) + 0.5F));
    });
  };
  for (std::size_t side : {0U, 1U}) {
    const FigureLimb& arm = figure.arms[side];
    if (!arm.seen || arm.behind || !skin_) continue;
    const float from = std::max(sleeve_end[side], 0.9F * figure.armpit);
    Patch patch(arm_box(arm, person));
    for_pixels(patch.box, [&](int x, int y, Point p) {
      const OnArm place = on_arm(arm, p);
      if (place.off > 1.2F || place.along < from || figure.inside(p) < 0.4F) return;
      const bool skin = (looks(person, x, y) & kSkin) != 0;
      patch.at(x, y) = skin ? 1.0F : 0.0F;
    });
    // Shadows between fingers belong to the hand.
    patch.grow(1);
    keep(patch);
  }
  // The head, and hair that falls over the shoulders.
  Patch patch(box_around({figure.head, figure.chin, figure.at(-0.6F * figure.shoulders, 0),
                          figure.at(0.6F * figure.shoulders, 0.45F * figure.torso)},
                         1.3F * figure.head_radius, person));
  const float chin = figure.local(figure.chin).y;
  const Point head = figure.local(figure.head);
  std::vector<std::pair<int, int>> open;
  for_pixels(patch.box, [&](int x, int y, Point p) {
    const Point place = figure.local(p);
    if (place.y > chin || std::abs(place.x - head.x) > 1.2F * figure.head_radius) return;
    if (figure.inside(p) < 0.5F) return;
    patch.at(x, y) = 1;
    open.emplace_back(x, y);
  });
  if (hair_) {
    patch.flood(
        open,
        [&](int x, int y) {
          const Point p{static_cast<float>(x) + 0.5F, static_cast<float>(y) + 0.5F};
          return patch.at(x, y) == 0 && figure.local(p).y < 0.5F * figure.torso &&
                 figure.inside(p) > 0.4F && (looks(person, x, y) & kHair) != 0;
        },
        1);
  }
  keep(patch);
  return front;
}

}  // namespace selvage::tryon
