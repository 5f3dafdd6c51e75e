#include "tryon/compose/bare_skin.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "tryon/compose/colour.hpp"

namespace selvage::tryon {
namespace {

using image::Picture;

// The middle of the lower face. Eyes and mouth are outnumbered.
std::optional<Colour> face_colour(const Picture& cells, const TorsoPlacement& placement) {
  const auto pixels = static_cast<float>(placement.silhouette.scale);
  const float height = placement.body.top - placement.head_top;
  const float axis = placement.body.middle(static_cast<int>(placement.body.top));
  const float reach = 0.6F * placement.body.neck_half;
  const int left = static_cast<int>((axis - reach) / pixels),
            right = static_cast<int>((axis + reach) / pixels);
  Usual face;
  for (int y = static_cast<int>((placement.head_top + 0.45F * height) / pixels);
       y < static_cast<int>((placement.head_top + 0.75F * height) / pixels); ++y) {
    for (int x = left; x <= right; ++x) {
      if (placement.silhouette.at(x, y)) face.add(colour_at(cells, x, y));
    }
  }
  return face.colour();
}

std::optional<Colour> hand_colour(const Picture& cells, const Mask& silhouette, const Limb& arm) {
  Usual hand;
  for (std::size_t i = 0; i < arm.centre.size(); i += static_cast<std::size_t>(silhouette.scale)) {
    if (arm.along[i] < 0.86F * arm.length()) continue;
    const int y = (arm.first_row + static_cast<int>(i)) / silhouette.scale;
    for (int x = static_cast<int>(arm.centre[i] - arm.half[i]) / silhouette.scale;
         x <= static_cast<int>(arm.centre[i] + arm.half[i]) / silhouette.scale; ++x) {
      if (silhouette.at(x, y)) hand.add(colour_at(cells, x, y));
    }
  }
  return hand.colour();
}

// A few colours that stand for what covers the chest, without skin.
std::vector<Colour> cloth_colours(const Picture& cells, const TorsoPlacement& placement,
                                  const Colour& skin) {
  constexpr std::size_t kMost = 12;
  constexpr float kApart = 4, kSkin = 6;
  const Outline& body = placement.body;
  const int scale = placement.silhouette.scale;
  std::vector<Colour> cloth;
  std::vector<int> counts;
  int seen = 0;
  const int from = static_cast<int>(body.top + 0.12F * (body.bottom - body.top)) / scale;
  const int to = static_cast<int>(body.top + 0.5F * (body.bottom - body.top)) / scale;
  for (int y = from; y < std::min(to, cells.height); ++y) {
    const float middle = body.middle(y * scale), half = 0.85F * body.half(y * scale);
    for (int x = static_cast<int>(middle - half) / scale;
         x < static_cast<int>(middle + half) / scale; ++x) {
      if (!placement.silhouette.at(x, y)) continue;
      const Colour colour = colour_at(cells, x, y);
      ++seen;
      if (unlike(colour, skin) < kSkin) continue;
      std::size_t i = 0;
      while (i < cloth.size() && unlike(colour, cloth[i]) > kApart) ++i;
      if (i < cloth.size()) {
        ++counts[i];
      } else if (cloth.size() < kMost) {
        cloth.push_back(colour);
        counts.push_back(1);
      }
    }
  }
  std::vector<Colour> common;
  for (std::size_t i = 0; i < cloth.size(); ++i) {
    if (counts[i] * 25 > seen) common.push_back(cloth[i]);
  }
  return common;
}

class Painter {
 public:
  Painter(Picture& person, const Light& light, Colour skin, std::vector<Colour> cloth)
      : person_(person), light_(light), face_(skin), skin_(skin), cloth_(std::move(cloth)) {}

  // The skin to paint with from now on, when it can be the same person's as the face.
  void use(const std::optional<Colour>& skin) {
    constexpr float kSamePerson = 14;
    skin_ = skin && unlike(*skin, face_) < kSamePerson ? *skin : face_;
  }

  [[nodiscard]] bool is_cloth(int x, int y) const {
    const Colour colour = colour_at(person_, x, y);
    float nearest = 1e9F;
    for (const Colour& cloth : cloth_) nearest = std::min(nearest, unlike(colour, cloth));
    return nearest < 12 && nearest < 0.8F * std::min(unlike(colour, skin_), unlike(colour, face_));
  }

  // `shade` is 1 in plain light; `folds` says how much of the light on the cloth is taken over.
  void paint(int x, int y, float cover, float shade, float folds) {
    const float fold = light_.at(static_cast<float>(x) + 0.5F, static_cast<float>(y) + 0.5F) - 1;
    const float lit = shade * (1 + folds * fold);
    std::uint8_t* p = person_.row(y).data() + 3 * static_cast<std::size_t>(x);
    const float values[] = {skin_.r, skin_.g, skin_.b};
    for (int c = 0; c < 3; ++c) {
      const float mixed = static_cast<float>(p[c]) * (1 - cover) + values[c] * lit * cover;
      p[c] = static_cast<std::uint8_t>(std::clamp(mixed + 0.5F, 0.0F, 255.0F));
    }
  }

 private:
  Picture& person_;
  const Light& light_;
  Colour face_, skin_;
  std::vector<Colour> cloth_;
};

void bare_arm(Painter& painter, const Picture& person, const Limb& arm, float from) {
  constexpr float kEdge = 1.5F;  // pixels beyond the silhouette, over the fringe where colours mix
  constexpr float kWrist = 0.80F;
  const float wrist = kWrist * arm.length();
  const int last_row = std::min(person.height, arm.first_row + static_cast<int>(arm.centre.size()));
  auto for_pixels = [&](const auto& visit) {
    for (int y = arm.first_row; y < last_row; ++y) {
      const std::size_t i = static_cast<std::size_t>(y - arm.first_row);
      if (arm.along[i] < from - arm.half[i] || arm.along[i] > wrist + arm.half[i]) continue;
      const float half = arm.half[i] + kEdge;
      const int right = std::min(person.width - 1, static_cast<int>(arm.centre[i] + half));
      for (int x = std::max(0, static_cast<int>(arm.centre[i] - half)); x <= right; ++x) {
        const auto place = arm.place(static_cast<float>(x) + 0.5F, static_cast<float>(y) + 0.5F);
        visit(x, y, place.along, place.across * arm.half[i] / half, half);
      }
    }
  };
  // The old sleeve goes down to where the arm stops being mostly cloth. All of it is painted: what
  // is left of a pattern would look like dirt.
  std::vector<std::pair<int, int>> shares(static_cast<std::size_t>(arm.length()) +
                                          2);  // cloth, all
  for_pixels([&](int x, int y, float along, float, float) {
    auto& share = shares[static_cast<std::size_t>(std::clamp(along, 0.0F, arm.length()))];
    share.first += painter.is_cloth(x, y) ? 1 : 0;
    ++share.second;
  });
  float end = 0;
  for (std::size_t way = static_cast<std::size_t>(std::max(from, 0.0F)); way < shares.size();
       ++way) {
    if (shares[way].second > 0 && shares[way].first * 3 > shares[way].second)
      end = static_cast<float>(way);
  }
  end = std::min(end + 4, wrist);
  if (end <= from + 4) return;
  for_pixels([&](int x, int y, float along, float across, float half) {
    const float cover = std::clamp((1 - std::abs(across)) * half, 0.0F, 1.0F) *
                        std::clamp((end - along) / 4 + 1, 0.0F, 1.0F);
    const float round = 1.04F - 0.34F * across * across * across * across;  // an arm is a cylinder
    if (cover > 0) painter.paint(x, y, cover, round, 0.5F);
  });
}

void bare_neck(Painter& painter, const Picture& person, const TorsoPlacement& placement,
               float neckline) {
  const Outline& body = placement.body;
  const int from =
      std::max(0, static_cast<int>(body.top - 0.35F * (body.top - placement.head_top)));
  for (int y = from; y < std::min(person.height, static_cast<int>(neckline)); ++y) {
    const float middle = body.middle(y), reach = 2 * body.neck_half;
    const int right = std::min(person.width - 1, static_cast<int>(middle + reach));
    for (int x = std::max(0, static_cast<int>(middle - reach)); x <= right; ++x) {
      if (!placement.silhouette.at(x / placement.silhouette.scale, y / placement.silhouette.scale))
        continue;
      if (painter.is_cloth(x, y)) painter.paint(x, y, 1, 0.95F, 0);
    }
  }
}

}  // namespace

void bare_skin(Picture& person, const Picture& cells, const TorsoPlacement& placement,
               const Light& light, const std::array<float, 2>& sleeve_end, float neckline) {
  const auto skin = face_colour(cells, placement);
  if (!skin) return;
  std::vector<Colour> cloth = cloth_colours(cells, placement, *skin);
  if (cloth.empty()) return;
  Painter painter(person, light, *skin, std::move(cloth));
  for (std::size_t side : {0U, 1U}) {
    const Limb& arm = placement.body.limbs[side];
    if (!arm.present()) continue;
    painter.use(hand_colour(cells, placement.silhouette, arm));
    bare_arm(painter, person, arm, sleeve_end[side]);
  }
  painter.use(std::nullopt);
  bare_neck(painter, person, placement, neckline);
}

}  // namespace selvage::tryon
