#include "tryon/compose/dress.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "tryon/compose/bare_skin.hpp"
#include "tryon/compose/light.hpp"

namespace selvage::tryon {
namespace {

using image::Picture;

// How a garment's lengths become the body's.
struct Fit {
  float hem = 0;                 // row of the picture
  float ease = 0;                // how far the cloth stands off the body, pixels
  std::array<float, 2> along{};  // garment pixels for a pixel along the arm; 0: no sleeve
};

Fit fit_of(const Outline& body, const Outline& garment) {
  Fit fit;
  const float body_half = body.half(static_cast<int>(body.armpit));
  const float garment_half = garment.half(static_cast<int>(garment.armpit));
  const float ratio = garment_half / std::max(1.0F, body_half);
  // A garment keeps its proportions, within what a top can be: it ends between waist and upper
  // thigh.
  const float length = (garment.bottom - garment.top) / ratio;
  const float torso = body.bottom - body.top;
  fit.hem = body.top + std::clamp(length, 0.74F * torso, 0.90F * torso);
  fit.ease = std::max(1.5F, 0.03F * body_half);
  for (std::size_t side : {0U, 1U}) {
    const Limb& arm = body.limbs[side];
    const Limb& sleeve = garment.limbs[side];
    if (!arm.present() || !sleeve.present()) continue;
    const float wrist = 0.79F * arm.length();
    const bool to_the_wrist = sleeve.length() / ratio > 0.62F * arm.length();
    fit.along[side] = to_the_wrist ? sleeve.length() / wrist : ratio;
  }
  return fit;
}

struct Sample {
  float r = 0, g = 0, b = 0;  // already multiplied by alpha
  float alpha = 0;
};

// Between the four nearest pixels; outside the picture everything is clear.
Sample sample(const Picture& picture, float x, float y) {
  const float fx = std::floor(x - 0.5F), fy = std::floor(y - 0.5F);
  const int ix = static_cast<int>(fx), iy = static_cast<int>(fy);
  const float tx = x - 0.5F - fx, ty = y - 0.5F - fy;
  Sample total;
  for (int dy = 0; dy < 2; ++dy) {
    for (int dx = 0; dx < 2; ++dx) {
      const int px = ix + dx, py = iy + dy;
      if (px < 0 || py < 0 || px >= picture.width || py >= picture.height) continue;
      const std::uint8_t* p =
          picture.pixels.data() + (static_cast<std::size_t>(py) * picture.width + px) * 4;
      const float weight =
          (dx != 0 ? tx : 1 - tx) * (dy != 0 ? ty : 1 - ty) * static_cast<float>(p[3]) / 255;
      total.r += weight * static_cast<float>(p[0]);
      total.g += weight * static_cast<float>(p[1]);
      total.b += weight * static_cast<float>(p[2]);
      total.alpha += weight;
    }
  }
  return total;
}

class Fitting {
 public:
  Fitting(const TorsoPlacement& placement, const Cutout& garment)
      : body_(placement.body),
        cut_(garment),
        outline_(outline_of(garment)),
        fit_(fit_of(placement.body, outline_)) {}

  [[nodiscard]] const Fit& fit() const { return fit_; }
  [[nodiscard]] const Outline& outline() const { return outline_; }

  // The cloth over the point (x, y) of the picture.
  [[nodiscard]] Sample cloth_at(float x, float y) const {
    const int row = std::clamp(static_cast<int>(y), 0, static_cast<int>(body_.left.size()) - 1);
    const float half = body_.half(row) + fit_.ease;
    const float across = (x - body_.middle(row)) / half;
    const std::size_t side = across < 0 ? 0 : 1;
    // The trunk's edge is soft; under it lies the sleeve, or the person.
    const float soft = std::clamp((1 - std::abs(across)) * half + 0.5F, 0.0F, 1.0F);
    if (soft >= 1) return trunk_at(x, y, across);
    const Sample under = sleeve_at(side, x, y);
    if (soft <= 0) return under;
    const Sample over = trunk_at(x, y, across);
    return {over.r * soft + under.r * (1 - soft), over.g * soft + under.g * (1 - soft),
            over.b * soft + under.b * (1 - soft), over.alpha * soft + under.alpha * (1 - soft)};
  }

 private:
  [[nodiscard]] Sample trunk_at(float x, float y, float across) const {
    const Outline& from = outline_;
    const int last_row = static_cast<int>(from.left.size()) - 1;
    const auto column =
        std::clamp(static_cast<int>(x), 0, static_cast<int>(body_.shoulder.size()) - 1);
    const float corner = std::max(0.0F, std::abs(across) - 0.8F) / 0.2F;  // shoulders are round
    const float shoulder = body_.shoulder[column] - fit_.ease * (1 - 1.6F * corner * corner);
    const float clipped = std::clamp(across, -1.0F, 1.0F);
    float gx = 0, gy = 0;
    if (y < body_.armpit) {
      const int armpit = static_cast<int>(from.armpit);
      gx = from.middle(armpit) + clipped * from.half(armpit);
      const auto gcolumn =
          std::clamp(static_cast<int>(gx), 0, static_cast<int>(from.shoulder.size()) - 1);
      const float top = from.shoulder[gcolumn];
      const float t = (y - shoulder) / std::max(1.0F, body_.armpit - shoulder);
      gy = top + t * (from.armpit - top);
    } else {
      const float t = (y - body_.armpit) / (fit_.hem - body_.armpit);
      gy = from.armpit + t * (from.bottom - from.armpit);
      const int row = std::clamp(static_cast<int>(gy), 0, last_row);
      gx = from.middle(row) + clipped * from.half(row);
    }
    return sample(cut_.picture, gx, gy);
  }

  [[nodiscard]] Sample sleeve_at(std::size_t side, float x, float y) const {
    if (fit_.along[side] == 0) return {};
    const Limb& arm = body_.limbs[side];
    const Limb& sleeve = outline_.limbs[side];
    Limb::Place place = arm.place(x, y);
    const float row = y - static_cast<float>(arm.first_row) - 0.5F;
    const float half = Limb::at(arm.half, row) + fit_.ease;
    place.across *= (half - fit_.ease) / half;
    const float edge = side == 0 ? body_.left[static_cast<int>(body_.top)]
                                 : body_.right[static_cast<int>(body_.top)];
    const auto column =
        std::clamp(static_cast<int>(edge), 0, static_cast<int>(body_.shoulder.size()) - 1);
    const float below = std::min(row, y - body_.shoulder[column] + 0.5F * fit_.ease);
    const float soft = std::min((1 - std::abs(place.across)) * half, below) + 0.5F;
    if (soft <= 0) return {};
    place.along *= fit_.along[side];
    if (place.along > sleeve.length() + 4) return {};
    // Inside the arm there is cloth: rounding at the sleeve's edges must not tear holes.
    place.across = std::clamp(place.across, -0.97F, 0.97F);
    Limb::Spot spot = sleeve.spot(place);
    const float first = static_cast<float>(sleeve.first_row) + 1.5F;
    if (spot.y < first) spot = {Limb::at(sleeve.centre, 1), first};
    const Sample found = sample(cut_.picture, spot.x, spot.y);
    const float cover = std::min(soft, 1.0F);
    return {found.r * cover, found.g * cover, found.b * cover, found.alpha * cover};
  }

  const Outline& body_;
  const Cutout& cut_;
  Outline outline_;
  Fit fit_;
};

struct Area {
  int left = 0, right = 0, top = 0, bottom = 0;  // half open
};

Area area_of(const Picture& person, const Outline& body, const Fit& fit) {
  float left = 1e9F, right = 0, bottom = fit.hem;
  for (int y = static_cast<int>(body.top); y < static_cast<int>(fit.hem) && y < person.height;
       ++y) {
    left = std::min(left, body.left[y]);
    right = std::max(right, body.right[y]);
  }
  for (std::size_t side : {0U, 1U}) {
    const Limb& arm = body.limbs[side];
    if (fit.along[side] == 0) continue;
    for (std::size_t i = 0; i < arm.centre.size(); ++i) {
      left = std::min(left, arm.centre[i] - arm.half[i]);
      right = std::max(right, arm.centre[i] + arm.half[i]);
    }
    bottom =
        std::max(bottom, static_cast<float>(arm.first_row) + static_cast<float>(arm.centre.size()));
  }
  const float spare = fit.ease + 3;
  return {std::max(0, static_cast<int>(left - spare)),
          std::min(person.width, static_cast<int>(right + spare)),
          std::max(0, static_cast<int>(body.top - spare * 3)),
          std::min(person.height, static_cast<int>(bottom + spare))};
}

}  // namespace

void dress(Picture& person, const Picture& cells, const TorsoPlacement& placement,
           const Cutout& garment) {
  const Fitting fitting(placement, garment);
  const Light light =
      light_on(cells, placement.silhouette, placement.body.top, placement.body.bottom);
  const Fit& fit = fitting.fit();
  std::array<float, 2> sleeve_end{};
  for (std::size_t side : {0U, 1U}) {
    if (fit.along[side] > 0)
      sleeve_end[side] = fitting.outline().limbs[side].length() / fit.along[side];
  }
  bare_skin(person, cells, placement, light, sleeve_end,
            placement.body.top + 0.5F * (placement.body.armpit - placement.body.top));
  const Area area = area_of(person, placement.body, fit);
  for (int y = area.top; y < area.bottom; ++y) {
    auto row = person.row(y);
    for (int x = area.left; x < area.right; ++x) {
      const float px = static_cast<float>(x) + 0.5F, py = static_cast<float>(y) + 0.5F;
      const Sample cloth = fitting.cloth_at(px, py);
      if (cloth.alpha < 1.0F / 255) continue;
      // Further down it is no longer a top that the light is taken from.
      const float down =
          std::clamp((py - placement.body.armpit) / (fit.hem - placement.body.armpit), 0.0F, 1.0F);
      const float shade = 1 + (0.9F - 0.45F * down) * (light.at(px, py) - 1);
      auto blend = [&](std::size_t c, float value) {
        const float under = static_cast<float>(row[3 * x + c]);
        const float mixed = under * (1 - cloth.alpha) + value * shade;
        row[3 * x + c] = static_cast<std::uint8_t>(std::clamp(mixed + 0.5F, 0.0F, 255.0F));
      };
      blend(0, cloth.r);
      blend(1, cloth.g);
      blend(2, cloth.b);
    }
  }
}

}  // namespace selvage::tryon
