#include "tryon/compose/point.hpp"

namespace selvage::tryon {

Section Strip::at(float wanted) const {
  std::size_t next = 1;
  while (next + 1 < sections.size() && sections[next].along < wanted) ++next;
  const Section &a = sections[next - 1], &b = sections[next];
  const float t = (wanted - a.along) / std::max(1e-3F, b.along - a.along);
  const float bounded = std::clamp(t, -3.0F, 4.0F);
  return {mix(a.outer, b.outer, bounded), mix(a.inner, b.inner, bounded), wanted};
}

void Strip::measure() {
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const float step = i == 0 ? 0 : distance(sections[i].middle(), sections[i - 1].middle());
    sections[i].along = i == 0 ? 0 : sections[i - 1].along + std::max(step, 0.01F);
  }
}

Nearest nearest_on(Point a, Point b, Point p) {
  const Point way = b - a;
  const float t = std::clamp(dot(p - a, way) / std::max(1e-6F, dot(way, way)), 0.0F, 1.0F);
  return {distance(a + way * t, p), t};
}

}  // namespace selvage::tryon
