// Garments of one colour, cut in the plainest way.
#pragma once

#include <cmath>
#include <functional>

#include "unit/tryon/drawn_person.hpp"

namespace selvage::tryon::test {

inline constexpr Paint kRed{196, 36, 44};

// Cloth where `cloth` says so, at (distance from the middle line, row); RGBA.
inline image::Picture cut(int width, int height, const std::function<bool(float, float)>& cloth) {
  image::Picture garment = image::Picture::filled(width, height, 4, 0);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const float off = std::abs(static_cast<float>(x) + 0.5F - static_cast<float>(width) / 2);
      if (!cloth(off, static_cast<float>(y))) continue;
      std::uint8_t* p = garment.row(y).data() + 4 * x;
      p[0] = kRed.r;
      p[1] = kRed.g;
      p[2] = kRed.b;
      p[3] = 255;
    }
  }
  return garment;
}

inline bool shirt_trunk(float off, float y) {
  const bool neck = off < 34 && y < 40 + 24 * (1 - off * off / 1156);
  return off < 100 && y > 40 + 0.22F * std::max(0.0F, off - 34) && y < 330 && !neck;
}
inline image::Picture tank_top() {
  return cut(320, 360, [](float off, float y) {
    const bool armhole = y < 120 && off > 66 + 34 * std::max(0.0F, y - 60) / 60;
    return shirt_trunk(off, y) && !armhole;
  });
}
inline image::Picture t_shirt() {
  return cut(380, 360, [](float off, float y) {
    const bool sleeve = off >= 98 && off < 170 && y > 54 + 0.45F * (off - 100) &&
                        y < 112 + 0.45F * (off - 100) && y < 190 - 0.45F * (off - 100);
    return shirt_trunk(off, y) || sleeve;
  });
}
inline image::Picture pullover() {
  return cut(460, 360, [](float off, float y) {
    const bool sleeve = off >= 96 + 0.12F * std::max(0.0F, y - 120) &&
                        off < 108 + 0.30F * (y - 54) && y > 54 && y < 300 &&
                        (y < 116 || off > 106 + 0.2F * (y - 116)) && off < 190;
    return shirt_trunk(off, y) || sleeve;
  });
}
inline image::Picture trousers() {
  return cut(280, 520, [](float off, float y) {
    if (y < 20 || y > 500) return false;
    const float outer = 76 + 0.12F * std::min(y, 140.0F);
    const float inner = y < 160 ? -1.0F : 6 + 0.06F * (y - 160);
    return off < outer && off > inner;
  });
}
inline image::Picture dress() {
  return cut(360, 640, [](float off, float y) {
    const bool armhole = y < 120 && off > 60 + 30 * std::max(0.0F, y - 60) / 60;
    const bool neck = off < 30 && y < 70;
    const float half = y < 220 ? 90.0F - 0.1F * (y - 100) : 78 + 0.20F * (y - 220);
    return y > 30 && y < 620 && off < half && !armhole && !neck;
  });
}

}  // namespace selvage::tryon::test
