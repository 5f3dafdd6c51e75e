#include "tryon/compose/wear.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "tryon/compose/cutout.hpp"
#include "tryon/compose/drape.hpp"
#include "tryon/compose/figure.hpp"
#include "tryon/compose/fitting.hpp"
#include "tryon/compose/neckline.hpp"
#include "tryon/compose/old_clothes.hpp"
#include "tryon/compose/pattern.hpp"

namespace selvage::tryon {
namespace {

using image::Picture;

Mask silhouette_of(const Picture& cells, const Figure& figure, int scale) {
  Mask mask{cells.width, cells.height, scale, {}};
  for (int y = 0; y < cells.height; ++y) {
    for (int x = 0; x < cells.width; ++x) {
      const Point middle{(static_cast<float>(x) + 0.5F) * static_cast<float>(scale),
                         (static_cast<float>(y) + 0.5F) * static_cast<float>(scale)};
      mask.cells.push_back(figure.inside(middle) > 0.5F ? 255 : 0);
    }
  }
  return mask;
}

// Means over squares of 2 * radius + 1, one direction after the other.
std::vector<float> softened_alpha(const Layer& layer, int radius) {
  const int width = layer.width, height = layer.height;
  std::vector<float> field(layer.pixels.size()),
      sums(static_cast<std::size_t>(std::max(width, height)) + 1);
  for (std::size_t i = 0; i < field.size(); ++i) field[i] = layer.pixels[i].alpha;
  auto pass = [&](int lines, int count, int line_step, int step) {
    for (int line = 0; line < lines; ++line) {
      float* p = field.data() + static_cast<std::ptrdiff_t>(line) * line_step;
      for (int i = 0; i < count; ++i)
        sums[i + 1] = sums[i] + p[static_cast<std::ptrdiff_t>(i) * step];
      for (int i = 0; i < count; ++i) {
        p[static_cast<std::ptrdiff_t>(i) * step] =
            (sums[std::min(count, i + radius + 1)] - sums[std::max(0, i - radius)]) /
            static_cast<float>(2 * radius + 1);
      }
    }
  };
  pass(height, width, width, 1);
  pass(width, height, 1, width);
  return field;
}

class Dressing {
 public:
  Dressing(const Picture& person, const Figure& figure)
      : figure_(figure), old_(person, figure), dressed_(person) {
    const int scale = cell_scale(person);
    const Picture cells = averaged(person, scale);
    // Below the old hem it is another cloth that the light would be read from.
    const float hem = old_.hem() > 0 ? old_.hem() : 0.85F * figure.torso;
    const Point top = figure.at(0, -0.2F * figure.torso), bottom = figure.at(0, 0.9F * hem);
    light_ends_ = 0.88F * hem;
    const int radius = std::max(1, static_cast<int>(0.022F * figure.torso) / scale);
    light_ = light_on(cells, silhouette_of(cells, figure, scale), top.y, bottom.y, radius);
  }

  void put_on(const Picture& garment, const Pattern& pattern, bool first) {
    const Fitted fitted = fit(pattern, figure_, first ? old_.hem() : 0);
    const bool top = pattern.cut == Cut::top;
    if (top && first) old_.bare(dressed_, figure_, light_, fitted.sleeve_end);
    // Painted arms stay in front, too.
    front_ = old_.in_front(dressed_, figure_, fitted.sleeve_end);
    for (std::size_t side : {0U, 1U}) {
      if (fitted.behind[side]) lay(garment, fitted.limbs[side], true, 0);
    }
    if (!top) {  // trousers are one piece
      lay_all(garment, {fitted.trunk, fitted.limbs[0], fitted.limbs[1]});
      return;
    }
    lay(garment, fitted.trunk, true, 0.18F);
    for (std::size_t side : {0U, 1U}) {
      if (!fitted.behind[side]) lay(garment, fitted.limbs[side], false, 0.22F);
    }
  }

  [[nodiscard]] Picture take() { return std::move(dressed_); }

 private:
  void lay(const Picture& garment, const Net& net, bool behind_arms, float shadow) {
    if (net.knots.empty()) return;
    blend(drape(garment, {net}, dressed_.width, dressed_.height), behind_arms, shadow);
  }
  void lay_all(const Picture& garment, const std::vector<Net>& nets) {
    blend(drape(garment, nets, dressed_.width, dressed_.height), true, 0.15F);
  }

  void blend(const Layer& layer, bool behind_arms, float shadow) {
    if (layer.pixels.empty()) return;
    const int radius = std::max(2, static_cast<int>(0.025F * figure_.torso));
    const std::vector<float> soft =
        shadow > 0 ? softened_alpha(layer, radius) : std::vector<float>{};
    for (int y = 0; y < layer.height; ++y) {
      std::uint8_t* row = dressed_.row(layer.top + y).data();
      for (int x = 0; x < layer.width; ++x) {
        const Layer::Pixel& p = layer.row(y)[x];
        const int px = layer.left + x, py = layer.top + y;
        const std::size_t place =
            static_cast<std::size_t>(y) * static_cast<std::size_t>(layer.width) +
            static_cast<std::size_t>(x);
        const float veil = shadow > 0 ? soft[place] : 0;
        if (p.alpha < 1.0F / 255 && veil < 0.01F) continue;
        const Point at{static_cast<float>(px) + 0.5F, static_cast<float>(py) + 0.5F};
        float cover = p.alpha;
        float hidden = 0;
        if (behind_arms) {
          hidden =
              static_cast<float>(
                  front_[static_cast<std::size_t>(py) * static_cast<std::size_t>(dressed_.width) +
                         static_cast<std::size_t>(px)]) /
              255;
          cover *= 1 - hidden;
        }
        // Cloth darkens what it lies on, a little, near its edge; not the wall behind.
        const float under = 1 - shadow * veil * (1 - hidden) * figure_.inside(at);
        const float known = 1 - smooth_step(0.6F * light_ends_, light_ends_, figure_.local(at).y);
        const float shade =
            1 + 0.65F * known * (std::clamp(light_.at(at.x, at.y), 0.68F, 1.22F) - 1);
        const float visible = p.alpha > 0 ? cover / p.alpha : 0;
        std::uint8_t* q = row + 3 * static_cast<std::size_t>(px);
        const float values[] = {p.r, p.g, p.b};
        for (int c = 0; c < 3; ++c) {
          const float mixed =
              static_cast<float>(q[c]) * under * (1 - cover) + values[c] * visible * shade;
          q[c] = static_cast<std::uint8_t>(std::clamp(mixed + 0.5F, 0.0F, 255.0F));
        }
      }
    }
  }

  const Figure& figure_;
  OldClothes old_;
  Picture dressed_;
  Light light_;
  float light_ends_ = 0;  // in Figure's terms
  std::vector<std::uint8_t> front_;
};

}  // namespace

Result<std::optional<Picture>> wear(const Picture& person, std::span<const Picture> garments,
                                    const Body& body) {
  const auto figure = Figure::measure(body, person.width, person.height);
  if (!figure) return std::optional<Picture>{};
  // More detail than the body has pixels would only cost time.
  const int longest = std::clamp(static_cast<int>(2.0F * figure->torso), 640, 900);
  Dressing dressing(person, *figure);
  for (std::size_t i = 0; i < garments.size(); ++i) {
    auto garment = cut_out(garments[i], longest);
    if (!garment) return fail(garment.error().within(fmt::format("garment {}", i + 1)));
    const Pattern pattern = read_pattern(garment->mask);
    open_neck(garment->picture, pattern);
    dressing.put_on(garment->picture, pattern, i == 0);
  }
  return std::optional<Picture>(dressing.take());
}

}  // namespace selvage::tryon
