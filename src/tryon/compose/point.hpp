// Points and directions in a picture, and the strips that limbs and sleeves are described by.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

namespace selvage::tryon {

struct Point {
  float x = 0, y = 0;
  Point operator+(Point o) const { return {x + o.x, y + o.y}; }
  Point operator-(Point o) const { return {x - o.x, y - o.y}; }
  Point operator*(float f) const { return {x * f, y * f}; }
};
[[nodiscard]] inline float dot(Point a, Point b) { return a.x * b.x + a.y * b.y; }
[[nodiscard]] inline float length(Point a) { return std::sqrt(dot(a, a)); }
[[nodiscard]] inline float distance(Point a, Point b) { return length(a - b); }
[[nodiscard]] inline Point mix(Point a, Point b, float t) { return a + (b - a) * t; }
// Of length 1; straight down for no direction at all.
[[nodiscard]] inline Point unit(Point a) {
  const float size = length(a);
  return size > 1e-6F ? a * (1 / size) : Point{0, 1};
}
// To the right of somebody who looks along `a` in a picture that has y downwards, seen from the
// front: (0, 1) becomes (1, 0).
[[nodiscard]] inline Point turned(Point a) { return {a.y, -a.x}; }
[[nodiscard]] inline float smooth_step(float from, float to, float x) {
  const float t = std::clamp((x - from) / (to - from), 0.0F, 1.0F);
  return t * t * (3 - 2 * t);
}

// One cut across a sleeve, an arm or a leg: its outer edge (away from the trunk), its inner edge,
// and how far along its middle line it lies.
struct Section {
  Point outer, inner;
  float along = 0;
  [[nodiscard]] Point middle() const { return mix(outer, inner, 0.5F); }
};

// Sections from the trunk outwards, `along` growing from 0.
struct Strip {
  std::vector<Section> sections;
  [[nodiscard]] bool present() const { return sections.size() >= 2; }
  [[nodiscard]] float length() const { return sections.empty() ? 0 : sections.back().along; }
  // Between sections; beyond the ends it goes straight on. REQUIRES: present().
  [[nodiscard]] Section at(float along) const;
  // Fills every `along` from the middles.
  void measure();
};

// How far `p` is from the segment a..b, and where along it (0..1) the nearest point is.
struct Nearest {
  float distance = 0, along = 0;
};
[[nodiscard]] Nearest nearest_on(Point a, Point b, Point p);

}  // namespace selvage::tryon
