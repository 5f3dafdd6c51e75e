#include "tryon/compose/cutout.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "image/resize.hpp"
#include "tryon/compose/background.hpp"
#include "tryon/compose/mask_shapes.hpp"
#include "tryon/compose/trace.hpp"

namespace selvage::tryon {
namespace {

using image::Picture;

std::unexpected<Error> no_garment(std::string_view why) {
  return fail(
      ErrorKind::unprocessable, "compose.no_garment",
      "The garment cannot be told from its background: " + std::string(why),
      "Use a picture of the garment alone, laid flat, on an even background or cut out as PNG.");
}

Mask blank_like(const Picture& picture) {
  Mask mask{picture.width, picture.height, 1, {}};
  mask.cells.assign(static_cast<std::size_t>(picture.width) * picture.height, 0);
  return mask;
}

bool uses_alpha(const Picture& picture) {
  if (!picture.has_alpha()) return false;
  std::size_t clear = 0;
  for (std::size_t i = 3; i < picture.pixels.size(); i += 4)
    clear += picture.pixels[i] < 128 ? 1 : 0;
  return clear * 50 > picture.pixels.size() / 4;
}

// Of the edge, only what is inside keeps its own colour: further out the background is mixed in,
// and would shine around the garment.
void clear_fringe(Picture& cut, const Mask& mask) {
  const Mask inner = shrunk(mask, 1), near = grown(mask, 1);
  const int width = cut.width, height = cut.height;
  const Picture before = cut;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const std::size_t i = static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                            static_cast<std::size_t>(x);
      if (inner.cells[i] != 0) continue;
      if (near.cells[i] == 0) {
        cut.pixels[4 * i + 3] = 0;
        continue;
      }
      std::array<int, 3> sum{};
      int count = 0, covered = 0;
      for (int dy = -2; dy <= 2; ++dy) {
        for (int dx = -2; dx <= 2; ++dx) {
          const bool next = std::abs(dx) < 2 && std::abs(dy) < 2;
          covered += next && mask.at(x + dx, y + dy) ? 1 : 0;
          if (!inner.at(x + dx, y + dy)) continue;
          const std::uint8_t* p = before.row(y + dy).data() + 4 * (x + dx);
          for (std::size_t c = 0; c < 3; ++c) sum[c] += p[c];
          ++count;
        }
      }
      cut.pixels[4 * i + 3] = static_cast<std::uint8_t>(count == 0 ? 0 : 255 * covered / 9);
      for (std::size_t c = 0; count > 0 && c < 3; ++c)
        cut.pixels[4 * i + c] = static_cast<std::uint8_t>(sum[c] / count);
    }
  }
}

// Keeps the largest part only, so that labels and hangers beside the garment vanish.
Result<Mask> garment_mask(Picture& cut) {
  Mask mask = blank_like(cut);
  for (std::size_t i = 0; i < mask.cells.size(); ++i)
    mask.cells[i] = cut.pixels[4 * i + 3] >= 128 ? 255 : 0;
  const auto parts = connected_parts(mask);
  const std::size_t area = mask.cells.size();
  if (parts.empty() || parts.front().cells.size() * 20 < area)
    return no_garment("nothing large enough is left");
  if (parts.front().cells.size() * 100 > area * 97) return no_garment("it fills the whole picture");
  std::fill(mask.cells.begin(), mask.cells.end(), std::uint8_t{0});
  for (int index : parts.front().cells) mask.cells[index] = 255;
  const Mask near = grown(mask, 2);
  for (std::size_t i = 0; i < area; ++i) {
    if (near.cells[i] == 0) cut.pixels[4 * i + 3] = 0;
  }
  return mask;
}

struct Box {
  int top = 0, bottom = 0;
  [[nodiscard]] int height() const { return bottom - top + 1; }
};

Box rows_of(const Mask& mask) {
  Box box{mask.height, -1};
  for (int y = 0; y < mask.height; ++y) {
    if (runs_of(mask, y).empty()) continue;
    box.top = std::min(box.top, y);
    box.bottom = y;
  }
  return box;
}

// Trunk edges, from the hem upwards; where the trunk suddenly widens, the sleeves are set in.
void find_trunk(const Mask& mask, const Box& box, Outline& shape) {
  std::vector<float> middles, halves;
  float guess = static_cast<float>(mask.width) / 2;
  for (int y = box.top + box.height() * 6 / 10; y < box.top + box.height() * 92 / 100; ++y) {
    const auto run = run_near(mask, y, guess);
    if (!run) continue;
    middles.push_back(static_cast<float>(run->begin + run->end) / 2);
    halves.push_back(static_cast<float>(run->width()) / 2);
  }
  auto median = [](std::vector<float>& values) {
    std::nth_element(values.begin(),
                     values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
    return values[values.size() / 2];
  };
  const float axis = middles.empty() ? guess : median(middles);
  const float usual = halves.empty() ? guess : median(halves);

  const auto rows = static_cast<std::size_t>(mask.height);
  shape.left.assign(rows, axis - usual);
  shape.right.assign(rows, axis + usual);
  int armpit = box.top + box.height() * 3 / 10;  // of a garment without sleeves
  for (int y = box.bottom; y >= box.top; --y) {
    const auto run = run_near(mask, y, axis);
    if (!run) continue;
    const float left = axis - static_cast<float>(run->begin),
                right = static_cast<float>(run->end) - axis;
    if (y < box.top + box.height() / 2 && std::max(left, right) > 1.1F * usual) {
      armpit = y + 1;
      break;
    }
    shape.left[y] = axis - std::clamp(left, 0.5F * usual, 1.3F * usual);
    shape.right[y] = axis + std::clamp(right, 0.5F * usual, 1.3F * usual);
    if (y <= armpit) break;
  }
  armpit = std::min(armpit, box.bottom - 1);
  for (int y = 0; y < armpit; ++y) {
    shape.left[y] = shape.left[armpit];
    shape.right[y] = shape.right[armpit];
  }
  smooth(shape.left, 3);
  smooth(shape.right, 3);
  shape.armpit = static_cast<float>(armpit);
  shape.bottom = static_cast<float>(box.bottom + 1);
}

// For each column the upper edge; between the two points where the shoulders meet the neck it stays
// level, so that the neck opening hangs from there whatever its depth.
void find_shoulders(const Mask& mask, const Box& box, Outline& shape) {
  const auto armpit = static_cast<int>(shape.armpit);
  const float axis = shape.middle(armpit), half = shape.half(armpit);
  shape.shoulder.assign(static_cast<std::size_t>(mask.width), shape.armpit);
  auto top_of = [&](int x) {
    int y = box.top;
    while (y < armpit && !mask.at(x, y)) ++y;
    return y;
  };
  for (int x = 0; x < mask.width; ++x) shape.shoulder[x] = static_cast<float>(top_of(x));
  const float tolerance = 1 + static_cast<float>(box.height()) / 100;
  float necks = 0;
  for (int side : {-1, 1}) {
    int best = static_cast<int>(axis);
    float highest = 1e9F;
    for (int step = 0; static_cast<float>(step) < 0.75F * half; ++step) {
      const int x = std::clamp(static_cast<int>(axis) + side * step, 0, mask.width - 1);
      if (shape.shoulder[x] > highest + tolerance) continue;
      highest = std::min(highest, shape.shoulder[x]);
      best = x;
    }
    necks += std::abs(static_cast<float>(best) - axis);
    for (int x = best; x != static_cast<int>(axis); x -= side)
      shape.shoulder[x] = shape.shoulder[best];
  }
  shape.neck_half = necks / 2;
  const auto column = static_cast<std::size_t>(axis);
  shape.shoulder[column] = shape.shoulder[column > 0 ? column - 1 : column];
  shape.top = shape.shoulder[column];
  // Beyond the armholes the upper edge belongs to the sleeves.
  const auto left = static_cast<int>(axis - half), right = static_cast<int>(axis + half);
  for (int x = 0; x < left; ++x) shape.shoulder[x] = shape.shoulder[std::max(left, 0)];
  for (int x = right; x < mask.width; ++x)
    shape.shoulder[x] = shape.shoulder[std::min(right, mask.width - 1)];
  smooth(shape.shoulder, 2);
}

}  // namespace

Result<Cutout> cut_out(const Picture& garment, int longest) {
  Picture picture = image::shrink(garment, longest);
  if (!uses_alpha(picture)) {
    auto cut = without_background(image::flatten_on_white(std::move(picture)));
    if (!cut) return no_garment("the background is not even");
    picture = std::move(*cut);
  }
  Mask mask = TRY(garment_mask(picture));
  const Box box = rows_of(mask);
  if (box.height() < 16) return no_garment("it is too flat to be worn");

  clear_fringe(picture, mask);
  return Cutout{std::move(picture), std::move(mask)};
}

Outline outline_of(const Cutout& garment) {
  const Mask& mask = garment.mask;
  const Box box = rows_of(mask);
  Outline shape;
  find_trunk(mask, box, shape);
  find_shoulders(mask, box, shape);
  for (std::size_t side : {0U, 1U}) {
    const bool left = side == 0;
    Limb limb = trace_limb(mask, left ? shape.left : shape.right, left, box.top, box.bottom);
    if (!limb.present()) continue;
    smooth(limb.centre, 4);
    smooth(limb.half, 4);
    limb.measure();
    shape.limbs[side] = std::move(limb);
  }
  return shape;
}

}  // namespace selvage::tryon
