#include "tryon/compose/drape.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace selvage::tryon {
namespace {

constexpr int kSub = 2;  // samples a pixel in each direction

// Adds what lies between the four nearest pixels, weighed by alpha; clear outside.
void add_sample(const image::Picture& garment, Point at, float light, Layer::Pixel& sum) {
  const float fx = at.x - 0.5F, fy = at.y - 0.5F;
  if (!(fx > -1 && fy > -1 && fx < static_cast<float>(garment.width) &&
        fy < static_cast<float>(garment.height))) {
    return;
  }
  const int ix = static_cast<int>(fx + 1) - 1, iy = static_cast<int>(fy + 1) - 1;  // rounds down
  const float tx = fx - static_cast<float>(ix), ty = fy - static_cast<float>(iy);
  constexpr float kShare = 1.0F / (kSub * kSub * 255);
  const float weights[] = {(1 - tx) * (1 - ty) * kShare, tx * (1 - ty) * kShare,
                           (1 - tx) * ty * kShare, tx * ty * kShare};
  float r = 0, g = 0, b = 0, alpha = 0;
  for (int corner = 0; corner < 4; ++corner) {
    const int px = ix + (corner & 1), py = iy + (corner >> 1);
    if (px < 0 || py < 0 || px >= garment.width || py >= garment.height) continue;
    const std::uint8_t* p = garment.pixels.data() + (static_cast<std::size_t>(py) *
                                                         static_cast<std::size_t>(garment.width) +
                                                     static_cast<std::size_t>(px)) *
                                                        4;
    const float weight = weights[corner] * static_cast<float>(p[3]);
    r += weight * static_cast<float>(p[0]);
    g += weight * static_cast<float>(p[1]);
    b += weight * static_cast<float>(p[2]);
    alpha += weight;
  }
  sum.r += r * light;
  sum.g += g * light;
  sum.b += b * light;
  sum.alpha += alpha;
}

class Drawing {
 public:
  Drawing(const image::Picture& garment, Layer& layer)
      : garment_(garment),
        layer_(layer),
        drawn_(static_cast<std::size_t>(layer.width) * static_cast<std::size_t>(layer.height) *
               kSub * kSub) {}

  void triangle(const std::array<Net::Knot, 3>& knots) {
    std::array<Point, 3> p;
    for (std::size_t i = 0; i < 3; ++i) {
      p[i] =
          (knots[i].to - Point{static_cast<float>(layer_.left), static_cast<float>(layer_.top)}) *
          kSub;
    }
    const float area = cross(p[1] - p[0], p[2] - p[0]);
    if (std::abs(area) < 1e-4F) return;
    const int columns = layer_.width * kSub, rows = layer_.height * kSub;
    const int y0 = std::max(0, floor_of(std::min({p[0].y, p[1].y, p[2].y})));
    const int y1 = std::min(rows - 1, floor_of(std::max({p[0].y, p[1].y, p[2].y})) + 1);
    const int x0 = std::max(0, floor_of(std::min({p[0].x, p[1].x, p[2].x})));
    const int x1 = std::min(columns - 1, floor_of(std::max({p[0].x, p[1].x, p[2].x})) + 1);
    // All that is needed grows evenly from sample to sample.
    const Point edge_b = (p[2] - p[0]) * (1 / area), edge_c = (p[1] - p[0]) * (1 / area);
    constexpr float kSlack = -1e-4F;  // neighbours share their edge without a gap
    for (int y = y0; y <= y1; ++y) {
      const Point q = Point{static_cast<float>(x0) + 0.5F, static_cast<float>(y) + 0.5F} - p[0];
      const float b_start = cross(q, edge_b), c_start = cross(edge_c, q);
      std::uint8_t* drawn =
          drawn_.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(columns);
      for (int x = x0; x <= x1; ++x) {
        const auto on = static_cast<float>(x - x0);
        const float b = b_start + on * edge_b.y, c = c_start - on * edge_c.y;
        if (b < kSlack || c < kSlack || b + c > 1 - kSlack || drawn[x] != 0) continue;
        drawn[x] = 1;
        const Point from = knots[0].from + (knots[1].from - knots[0].from) * b +
                           (knots[2].from - knots[0].from) * c;
        const float light = knots[0].light + (knots[1].light - knots[0].light) * b +
                            (knots[2].light - knots[0].light) * c;
        add_sample(garment_, from, light, layer_.row(y / kSub)[x / kSub]);
      }
    }
  }

 private:
  static float cross(Point a, Point b) { return a.x * b.y - a.y * b.x; }
  static int floor_of(float x) { return static_cast<int>(std::floor(x)); }

  const image::Picture& garment_;
  Layer& layer_;
  std::vector<std::uint8_t> drawn_;
};

}  // namespace

Layer drape(const image::Picture& garment, const std::vector<Net>& nets, int width, int height) {
  float left = 1e9F, top = 1e9F, right = -1e9F, bottom = -1e9F;
  for (const Net& net : nets) {
    for (const Net::Knot& knot : net.knots) {
      left = std::min(left, knot.to.x);
      right = std::max(right, knot.to.x);
      top = std::min(top, knot.to.y);
      bottom = std::max(bottom, knot.to.y);
    }
  }
  auto within = [](float x, int most) {
    return static_cast<int>(std::clamp(x, 0.0F, static_cast<float>(most)));
  };
  Layer layer;
  layer.left = within(left - 1, width);
  layer.top = within(top - 1, height);
  layer.width = within(right + 2, width) - layer.left;
  layer.height = within(bottom + 2, height) - layer.top;
  if (layer.width <= 0 || layer.height <= 0) return {};
  layer.pixels.resize(static_cast<std::size_t>(layer.width) *
                      static_cast<std::size_t>(layer.height));
  Drawing drawing(garment, layer);
  for (const Net& net : nets) {
    for (int row = 0; row + 1 < net.rows; ++row) {
      for (int column = 0; column + 1 < net.columns; ++column) {
        const Net::Knot &a = net.at(column, row), &b = net.at(column + 1, row);
        const Net::Knot &c = net.at(column, row + 1), &d = net.at(column + 1, row + 1);
        drawing.triangle({a, b, c});
        drawing.triangle({b, d, c});
      }
    }
  }
  return layer;
}

}  // namespace selvage::tryon
