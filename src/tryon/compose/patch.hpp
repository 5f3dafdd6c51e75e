// A part of a picture with a value for each pixel: masks while they are made.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <utility>
#include <vector>

#include "image/picture.hpp"
#include "tryon/compose/point.hpp"

namespace selvage::tryon {

struct Box {
  int left = 0, top = 0, right = 0, bottom = 0;  // half open
  [[nodiscard]] int width() const { return right - left; }
  [[nodiscard]] bool empty() const { return right <= left || bottom <= top; }
};

[[nodiscard]] inline Box box_around(std::initializer_list<Point> points, float spare,
                                    const image::Picture& picture) {
  Point low{1e9F, 1e9F}, high{-1e9F, -1e9F};
  for (Point p : points) {
    low = {std::min(low.x, p.x - spare), std::min(low.y, p.y - spare)};
    high = {std::max(high.x, p.x + spare), std::max(high.y, p.y + spare)};
  }
  auto within = [](float x, int most) {
    return static_cast<int>(std::clamp(x, 0.0F, static_cast<float>(most)));
  };
  return {within(low.x, picture.width), within(low.y, picture.height),
          within(high.x + 1, picture.width), within(high.y + 1, picture.height)};
}

template <class Visit>
void for_pixels(const Box& box, const Visit& visit) {
  for (int y = box.top; y < box.bottom; ++y) {
    for (int x = box.left; x < box.right; ++x) {
      visit(x, y, Point{static_cast<float>(x) + 0.5F, static_cast<float>(y) + 0.5F});
    }
  }
}

// REQUIRES of at(): a pixel in the box.
struct Patch {
  Box box;
  std::vector<float> values;
  explicit Patch(Box given)
      : box(given),
        values(box.empty() ? 0
                           : static_cast<std::size_t>(box.width()) *
                                 static_cast<std::size_t>(box.bottom - box.top)) {}
  [[nodiscard]] float& at(int x, int y) {
    return values[static_cast<std::size_t>(y - box.top) * static_cast<std::size_t>(box.width()) +
                  static_cast<std::size_t>(x - box.left)];
  }

  // Sets `value` wherever `may` allows it and a way of such pixels leads from one of `open`. `may`
  // must forbid pixels that have the value.
  template <class May>
  void flood(std::vector<std::pair<int, int>> open, const May& may, float value) {
    constexpr std::pair<int, int> kSteps[] = {{1, 0}, {-1, 0}, {0, 1}, {0, -1}};
    while (!open.empty()) {
      const auto [x, y] = open.back();
      open.pop_back();
      for (const auto& [dx, dy] : kSteps) {
        const int nx = x + dx, ny = y + dy;
        if (nx < box.left || nx >= box.right || ny < box.top || ny >= box.bottom || !may(nx, ny))
          continue;
        at(nx, ny) = value;
        open.emplace_back(nx, ny);
      }
    }
  }
  // Of masks of 0 and 1: what lies within `radius` of a 1 becomes 1, or of a 0, 0.
  void grow(int radius) {
    join(radius, [](float sum, int) { return sum > 0.5F ? 1.0F : 0.0F; });
  }
  void shrink(int radius) {
    join(radius,
         [](float sum, int count) { return sum > static_cast<float>(count) - 0.5F ? 1.0F : 0.0F; });
  }
  void soften(int radius) {
    join(radius, [](float sum, int count) { return sum / static_cast<float>(count); });
  }

 private:
  // Each value becomes what `made_of` makes of the sum and number of those around it, first along
  // rows, then along columns.
  template <class MadeOf>
  void join(int radius, const MadeOf& made_of) {
    const int width = box.width(), height = box.bottom - box.top;
    if (values.empty()) return;
    std::vector<float> sums(static_cast<std::size_t>(std::max(width, height)) + 1);
    auto pass = [&](int lines, int count, int line_step, int step) {
      for (int line = 0; line < lines; ++line) {
        float* p = values.data() + static_cast<std::ptrdiff_t>(line) * line_step;
        for (int i = 0; i < count; ++i)
          sums[i + 1] = sums[i] + p[static_cast<std::ptrdiff_t>(i) * step];
        for (int i = 0; i < count; ++i) {
          const int from = std::max(0, i - radius), to = std::min(count, i + radius + 1);
          p[static_cast<std::ptrdiff_t>(i) * step] = made_of(sums[to] - sums[from], to - from);
        }
      }
    };
    pass(height, width, width, 1);
    pass(width, height, 1, width);
  }
};

}  // namespace selvage::tryon
