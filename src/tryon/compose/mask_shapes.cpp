#include "tryon/compose/mask_shapes.hpp"

#include <algorithm>
#include <utility>

namespace selvage::tryon {
namespace {

// Along one line of `count` cells `step` apart: set when any cell within `radius` is set.
void grow_line(const std::uint8_t* from, std::uint8_t* to, int count, int step, int radius) {
  int last_set = -radius - 1;
  int ahead = 0;
  for (int i = 0; i < count; ++i) {
    for (; ahead < count && ahead <= i + radius; ++ahead) {
      if (from[static_cast<std::ptrdiff_t>(ahead) * step] != 0) last_set = ahead;
    }
    to[static_cast<std::ptrdiff_t>(i) * step] = last_set >= i - radius ? 255 : 0;
  }
}

Mask inverted(Mask mask) {
  for (auto& cell : mask.cells) cell = cell != 0 ? 0 : 255;
  return mask;
}

// Calls visit(index) for the up to four neighbours of a cell.
template <class Visit>
void for_neighbours(const Mask& mask, int index, const Visit& visit) {
  const int x = index % mask.width;
  if (x > 0) visit(index - 1);
  if (x + 1 < mask.width) visit(index + 1);
  if (index >= mask.width) visit(index - mask.width);
  if (index + mask.width < mask.width * mask.height) visit(index + mask.width);
}

}  // namespace

Mask grown(const Mask& mask, int radius) {
  if (radius <= 0) return mask;
  Mask across = mask, result = mask;
  for (int y = 0; y < mask.height; ++y) {
    const std::size_t row = static_cast<std::size_t>(y) * mask.width;
    grow_line(mask.cells.data() + row, across.cells.data() + row, mask.width, 1, radius);
  }
  for (int x = 0; x < mask.width; ++x) {
    grow_line(across.cells.data() + x, result.cells.data() + x, mask.height, mask.width, radius);
  }
  return result;
}

Mask shrunk(const Mask& mask, int radius) { return inverted(grown(inverted(mask), radius)); }

Mask flooded(const Mask& passable, std::span<const int> seeds) {
  Mask reached = passable;
  std::fill(reached.cells.begin(), reached.cells.end(), std::uint8_t{0});
  std::vector<int> stack;
  auto enter = [&](int index) {
    if (passable.cells[index] == 0 || reached.cells[index] != 0) return;
    reached.cells[index] = 255;
    stack.push_back(index);
  };
  for (int seed : seeds) enter(seed);
  while (!stack.empty()) {
    const int index = stack.back();
    stack.pop_back();
    for_neighbours(passable, index, enter);
  }
  return reached;
}

std::vector<Part> connected_parts(const Mask& mask) {
  std::vector<Part> parts;
  std::vector<bool> seen(mask.cells.size(), false);
  for (int start = 0; std::cmp_less(start, mask.cells.size()); ++start) {
    if (mask.cells[start] == 0 || seen[start]) continue;
    Part part{{}, mask.width, mask.height, -1, -1};
    auto enter = [&](int index) {
      if (mask.cells[index] == 0 || seen[index]) return;
      seen[index] = true;
      part.cells.push_back(index);
    };
    enter(start);
    for (std::size_t next = 0; next < part.cells.size(); ++next) {
      const int index = part.cells[next], x = index % mask.width, y = index / mask.width;
      part.left = std::min(part.left, x);
      part.right = std::max(part.right, x);
      part.top = std::min(part.top, y);
      part.bottom = std::max(part.bottom, y);
      for_neighbours(mask, index, enter);
    }
    parts.push_back(std::move(part));
  }
  std::sort(parts.begin(), parts.end(),
            [](const Part& a, const Part& b) { return a.cells.size() > b.cells.size(); });
  return parts;
}

}  // namespace selvage::tryon
