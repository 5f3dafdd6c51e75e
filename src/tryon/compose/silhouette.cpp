#include "tryon/compose/silhouette.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "tryon/compose/colour.hpp"
#include "tryon/compose/mask_shapes.hpp"

namespace selvage::tryon {
namespace {

using image::Picture;

// What a stretch of margin shows: its mean colour, and how much it varies.
struct Sample {
  Colour mean;
  float deviation = 0;
};

Sample sample_of(const Picture& cells, int x0, int x1, int y0, int y1) {
  Colour total;
  float squares = 0;
  int count = 0;
  y0 = std::max(y0, 0);
  y1 = std::min(y1, cells.height);
  for (int y = y0; y < y1; ++y) {
    for (int x = x0; x < x1; ++x, ++count) {
      const Colour c = colour_at(cells, x, y);
      total = {total.r + c.r, total.g + c.g, total.b + c.b};
      squares += c.r * c.r + c.g * c.g + c.b * c.b;
    }
  }
  const float n = static_cast<float>(std::max(count, 1));
  const Colour mean{total.r / n, total.g / n, total.b / n};
  const float variance = squares / n - (mean.r * mean.r + mean.g * mean.g + mean.b * mean.b);
  return {mean, std::sqrt(std::max(0.0F, variance))};
}

constexpr float kMixed =
    24;  // a stretch that varies more shows two things, and its mean is neither

Sample margin_sample(const Picture& cells, int x0, int x1, int y, int reach) {
  const Sample sample = sample_of(cells, x0, x1, y - reach, y + reach + 1);
  // Where wall and floor meet, one row shows only one of them.
  return sample.deviation > kMixed ? sample_of(cells, x0, x1, y, y + 1) : sample;
}

// Whether a colour is the sample's, the same in shadow, or the same in light. Shading multiplies
// all three primaries by one factor, so after dividing by that factor only paint remains as a
// difference.
bool looks_like(const Colour& colour, const Sample& sample) {
  constexpr float kDarkest = 0.5F, kLightest = 1.2F, kTolerance = 13, kShadowTolerance = 7.5F;
  const float factor = (colour.sum() + 3) / (sample.mean.sum() + 3);
  if (factor < kDarkest || factor > kLightest) return false;
  const float dr = colour.r - sample.mean.r * factor;
  const float dg = colour.g - sample.mean.g * factor;
  const float db = colour.b - sample.mean.b * factor;
  const float paint = std::sqrt(dr * dr + dg * dg + db * db);
  const float shade = std::abs(colour.sum() - sample.mean.sum()) / 3;
  if (sample.deviation > 24)
    return false;  // half wall, half furniture: the mean of both is neither
  const float noise = std::min(sample.deviation, 8.0F);
  return shade < 1.5F * kTolerance + noise ? paint < kTolerance + noise
                                           : paint < kShadowTolerance + noise / 2;
}

// Cells that look like the margins of about the same rows.
Mask background_like(const Picture& cells, int scale) {
  Mask mask{cells.width, cells.height, scale, {}};
  mask.cells.assign(static_cast<std::size_t>(cells.width) * cells.height, 0);
  const int margin = std::max(2, cells.width / 14);
  const Sample top_left = sample_of(cells, 0, cells.width / 4, 0, std::max(1, cells.height / 20));
  const Sample top_right = sample_of(cells, cells.width - cells.width / 4, cells.width, 0,
                                     std::max(1, cells.height / 20));
  for (int y = 0; y < cells.height; ++y) {
    const int reach = std::max(2, cells.height / 60);
    const Sample samples[] = {
        margin_sample(cells, 0, margin, y, reach),
        margin_sample(cells, cells.width - margin, cells.width, y, reach),
        // The margin may hold a piece of furniture where the wall goes on beside the person.
        top_left, top_right};
    for (int x = 0; x < cells.width; ++x) {
      const Colour colour = colour_at(cells, x, y);
      const bool alike = std::any_of(std::begin(samples), std::end(samples),
                                     [&](const Sample& s) { return looks_like(colour, s); });
      if (alike) mask.cells[static_cast<std::size_t>(y) * cells.width + x] = 255;
    }
  }
  return mask;
}

std::vector<int> side_cells(const Mask& mask) {
  std::vector<int> seeds;
  for (int x = 0; x < mask.width; ++x) seeds.push_back(x);
  for (int y = 0; y < mask.height; ++y) {
    seeds.push_back(y * mask.width);
    seeds.push_back(y * mask.width + mask.width - 1);
  }
  return seeds;
}

Mask only(const Mask& like, const Part& part) {
  Mask mask = like;
  std::fill(mask.cells.begin(), mask.cells.end(), std::uint8_t{0});
  for (int index : part.cells) mask.cells[index] = 255;
  return mask;
}

// The largest part whose middle is in the middle half of the picture.
std::optional<Mask> central_part(const Mask& mask) {
  for (const Part& part : connected_parts(mask)) {
    const int middle = (part.left + part.right) / 2;
    if (middle > mask.width / 4 && middle < mask.width - mask.width / 4) return only(mask, part);
  }
  return std::nullopt;
}

// Background that the person encloses, as between an arm and the waist: off the middle, or it is a
// bright shirt before a bright wall.
void open_enclosed(Mask& background, const Mask& like) {
  Mask enclosed = like;
  int left = like.width, right = 0;
  for (int i = 0; std::cmp_less(i, like.cells.size()); ++i) {
    if (background.cells[i] != 0) {
      enclosed.cells[i] = 0;
    } else {
      left = std::min(left, i % like.width);
      right = std::max(right, i % like.width);
    }
  }
  constexpr std::size_t kSmallest = 6;
  for (const Part& part : connected_parts(enclosed)) {
    if (part.cells.size() < kSmallest) break;  // largest first
    const int off = std::abs(part.left + part.right - (left + right)) / 2;
    if (off * 100 < (right - left) * 16) continue;
    for (int index : part.cells) background.cells[index] = 255;
  }
}

// Small holes filled. Gaps stay, however narrow: they part the arms from the trunk.
Mask without_specks(const Mask& mask) {
  constexpr std::size_t kSpeck = 6;
  Mask outside = mask;
  for (auto& cell : outside.cells) cell = cell != 0 ? 0 : 255;
  Mask filled = mask;
  for (const Part& part : connected_parts(outside)) {
    if (part.cells.size() >= kSpeck) continue;
    for (int index : part.cells) filled.cells[index] = 255;
  }
  return filled;
}

}  // namespace

int cell_scale(const Picture& picture) {
  constexpr int kCells = 240;
  return std::max(1, (std::max(picture.width, picture.height) + kCells - 1) / kCells);
}

Picture averaged(const Picture& picture, int scale) {
  const int width = (picture.width + scale - 1) / scale,
            height = (picture.height + scale - 1) / scale;
  Picture cells = Picture::filled(width, height, 3, 0);
  std::vector<std::uint32_t> sums(static_cast<std::size_t>(width) * 3);
  for (int cy = 0; cy < height; ++cy) {
    std::fill(sums.begin(), sums.end(), 0);
    const int y1 = std::min((cy + 1) * scale, picture.height);
    for (int y = cy * scale; y < y1; ++y) {
      const std::uint8_t* from = picture.row(y).data();
      for (int cx = 0; cx < width; ++cx) {
        std::uint32_t* sum = sums.data() + 3 * static_cast<std::size_t>(cx);
        const int x1 = std::min((cx + 1) * scale, picture.width);
        for (int x = cx * scale; x < x1; ++x, from += picture.channels) {
          for (int c = 0; c < 3; ++c) sum[c] += from[c];
        }
      }
    }
    for (int cx = 0; cx < width; ++cx) {
      const int across = std::min(scale, picture.width - cx * scale);
      const auto count = static_cast<std::uint32_t>(across * (y1 - cy * scale));
      for (int c = 0; c < 3; ++c) {
        cells.row(cy)[3 * cx + c] =
            static_cast<std::uint8_t>((sums[3 * cx + c] + count / 2) / count);
      }
    }
  }
  return cells;
}

std::optional<Mask> find_silhouette(const Picture& cells, int scale) {
  const Mask like = background_like(cells, scale);
  Mask background = flooded(like, side_cells(like));
  open_enclosed(background, like);
  Mask figure = background;
  for (auto& cell : figure.cells) cell = cell != 0 ? 0 : 255;
  // Opening parts the person from thin things that touch (edges of panels, cables); closing mends
  // specks.
  figure = grown(shrunk(figure, 1), 1);
  const std::optional<Mask> person = central_part(figure);
  if (!person) return std::nullopt;
  return without_specks(*person);
}

}  // namespace selvage::tryon
