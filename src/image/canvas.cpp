#include "image/canvas.hpp"

#include "image/lettering.hpp"

namespace selvage::image {
namespace {

float squared_distance(Spot p, Spot a, Spot b) {
  const float dx = b.x - a.x, dy = b.y - a.y;
  const float length = dx * dx + dy * dy;
  const float t =
      length > 0 ? std::clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / length, 0.0F, 1.0F) : 0;
  const float x = p.x - a.x - t * dx, y = p.y - a.y - t * dy;
  return x * x + y * y;
}

// Of a pixel whose centre lies `distance` outside of an edge.
float covered(float distance) { return 0.5F - distance; }

// A coordinate that fits an int whatever it was: what is far outside stays outside.
int pixel(float at) { return static_cast<int>(std::clamp(at, -1e6F, 1e6F)); }

}  // namespace

void Canvas::stroke(std::span<const Spot> spots, float width, Colour colour) {
  if (spots.empty()) return;
  Spot low = spots[0], high = spots[0];
  for (const Spot& spot : spots) {
    if (!std::isfinite(spot.x) || !std::isfinite(spot.y)) return;
    low = {std::min(low.x, spot.x), std::min(low.y, spot.y)};
    high = {std::max(high.x, spot.x), std::max(high.y, spot.y)};
  }
  const float half = width / 2, reach = half + 1;
  auto coverage = [&](float x, float y) {
    float nearest = squared_distance({x, y}, spots[0], spots[0]);
    for (std::size_t i = 1; i < spots.size(); ++i) {
      nearest = std::min(nearest, squared_distance({x, y}, spots[i - 1], spots[i]));
    }
    return covered(std::sqrt(nearest) - half);
  };
  shade(pixel(low.x - reach), pixel(low.y - reach), pixel(high.x + reach) + 1,
        pixel(high.y + reach) + 1, colour, coverage);
}

void Canvas::ring(Spot centre, float radius, float width, Colour colour) {
  if (!std::isfinite(centre.x) || !std::isfinite(centre.y)) return;
  const float reach = radius + width / 2 + 1;
  auto coverage = [&](float x, float y) {
    return covered(std::abs(std::hypot(x - centre.x, y - centre.y) - radius) - width / 2);
  };
  shade(pixel(centre.x - reach), pixel(centre.y - reach), pixel(centre.x + reach) + 1,
        pixel(centre.y + reach) + 1, colour, coverage);
}

void Canvas::box(Spot top_left, float width, float height, float radius, Colour colour) {
  const Spot middle{top_left.x + width / 2, top_left.y + height / 2};
  if (!std::isfinite(middle.x) || !std::isfinite(middle.y)) return;
  radius = std::min({radius, width / 2, height / 2});
  auto coverage = [&](float x, float y) {
    const float dx = std::abs(x - middle.x) - (width / 2 - radius);
    const float dy = std::abs(y - middle.y) - (height / 2 - radius);
    const float outside = std::hypot(std::max(dx, 0.0F), std::max(dy, 0.0F));
    return covered(outside + std::min(std::max(dx, dy), 0.0F) - radius);
  };
  shade(pixel(top_left.x - 1), pixel(top_left.y - 1), pixel(top_left.x + width + 1) + 1,
        pixel(top_left.y + height + 1) + 1, colour, coverage);
}

void Canvas::write(Spot baseline, float height, std::string_view text, Colour colour) {
  for (std::vector<Spot>& stroke_of_letter : lettering(text, height)) {
    for (Spot& spot : stroke_of_letter) {
      spot = {spot.x + baseline.x, spot.y + baseline.y};
    }
    stroke(stroke_of_letter, height * kLetterWeight, colour);
  }
}

}  // namespace selvage::image
