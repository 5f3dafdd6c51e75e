#include "tryon/compose/background.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "tryon/compose/mask_shapes.hpp"
#include "tryon/compose/outline.hpp"

namespace selvage::tryon {
namespace {

using image::Picture;

Mask blank_like(const Picture& picture) {
  Mask mask{picture.width, picture.height, 1, {}};
  mask.cells.assign(static_cast<std::size_t>(picture.width) * picture.height, 0);
  return mask;
}

// The background as the border shows it: its usual colour, and how that changes over the picture,
// for hardly any wall is lit evenly.
class Background {
 public:
  explicit Background(const Picture& rgb) {
    const auto width = static_cast<std::size_t>(rgb.width);
    const auto height = static_cast<std::size_t>(rgb.height);
    for (std::size_t c = 0; c < 3; ++c) {
      std::vector<float> top(width), bottom(width), left(height), right(height);
      for (std::size_t x = 0; x < width; ++x) {
        top[x] = rgb.row(0)[3 * x + c];
        bottom[x] = rgb.row(rgb.height - 1)[3 * x + c];
      }
      for (std::size_t y = 0; y < height; ++y) {
        left[y] = rgb.row(static_cast<int>(y))[c];
        right[y] = rgb.row(static_cast<int>(y))[3 * (width - 1) + c];
      }
      std::vector<float> all = top;
      for (const auto* line : {&bottom, &left, &right})
        all.insert(all.end(), line->begin(), line->end());
      const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
      std::nth_element(all.begin(), middle, all.end());
      usual_[c] = static_cast<int>(*middle);
      // What differs much is a garment that touches the border.
      constexpr float kChanges = 26;
      for (auto* line : {&top, &bottom, &left, &right}) {
        for (float& value : *line) {
          if (std::abs(value - *middle) > kChanges) value = *middle;
        }
        smooth(*line, static_cast<int>(line->size() / 12));
      }
      lines_[c] = {std::move(top), std::move(bottom), std::move(left), std::move(right)};
    }
  }

  [[nodiscard]] const std::array<int, 3>& usual() const { return usual_; }
  [[nodiscard]] float at(std::size_t c, int x, int y) const {
    const Lines& l = lines_[c];
    const float u = (static_cast<float>(x) + 0.5F) / static_cast<float>(l.top.size());
    const float v = (static_cast<float>(y) + 0.5F) / static_cast<float>(l.left.size());
    const float across = l.left[y] + (l.right[y] - l.left[y]) * u;
    const float down = l.top[x] + (l.bottom[x] - l.top[x]) * v;
    return (across + down) / 2;
  }

 private:
  struct Lines {
    std::vector<float> top, bottom, left, right;
  };
  std::array<int, 3> usual_{};
  std::array<Lines, 3> lines_;
};

// From here to there a pixel's difference from the background turns it from clear to cloth.
struct Band {
  int same = 18, other = 42;  // largest difference in one primary
  int step = 255;             // largest difference between neighbours within the background
};

// A studio's background is so even that a white shirt on light grey can be told from it: by what
// little difference there is, and by the line along its edge.
Band band_for(const std::vector<std::uint8_t>& distance, const std::vector<int>& border) {
  std::vector<std::uint8_t> seen;
  seen.reserve(border.size());
  for (int index : border) seen.push_back(distance[index]);
  const auto place = seen.begin() + static_cast<std::ptrdiff_t>(seen.size() * 9 / 10);
  std::nth_element(seen.begin(), place, seen.end());
  const int noise = *place;
  if (noise > 9) return {};
  return {noise + 2, noise + 7, 2 * noise + 4};
}

// How much the neighbourhood of each pixel varies, in its most varied primary.
std::vector<std::uint8_t> variation(const Picture& rgb) {
  std::vector<std::uint8_t> result(static_cast<std::size_t>(rgb.width) *
                                   static_cast<std::size_t>(rgb.height));
  for (int y = 0; y < rgb.height; ++y) {
    const std::uint8_t* above = rgb.row(std::max(0, y - 1)).data();
    const std::uint8_t* below = rgb.row(std::min(rgb.height - 1, y + 1)).data();
    const std::uint8_t* here = rgb.row(y).data();
    for (int x = 0; x < rgb.width; ++x) {
      const int left = 3 * std::max(0, x - 1), right = 3 * std::min(rgb.width - 1, x + 1);
      int most = 0;
      for (int c = 0; c < 3; ++c) {
        most = std::max({most, std::abs(here[left + c] - here[right + c]),
                         std::abs(above[3 * x + c] - below[3 * x + c])});
      }
      result[static_cast<std::size_t>(y) * static_cast<std::size_t>(rgb.width) +
             static_cast<std::size_t>(x)] = static_cast<std::uint8_t>(most);
    }
  }
  return result;
}

// A soft shadow: the background, darker, without a colour of its own and without detail.
bool is_shadow(const std::uint8_t* p, const std::array<int, 3>& background) {
  const int r = background[0] - p[0], g = background[1] - p[1], b = background[2] - p[2];
  const int least = std::min({r, g, b}), most = std::max({r, g, b});
  return least >= 0 && most < 60 && most - least < 9;
}

Picture cut_along(const Picture& rgb, const std::vector<std::uint8_t>& distance,
                  const std::vector<int>& border, const std::array<int, 3>& background, Band band) {
  const std::vector<std::uint8_t> steps = variation(rgb);
  std::size_t cloth = 0, strong = 0;
  for (std::uint8_t off : distance) {
    cloth += off >= band.other ? 1U : 0U;
    strong += off >= 75 ? 1U : 0U;
  }
  const bool shadows = band.step < 255 && strong * 10 > cloth * 7;
  // What is clearly different may have a broad soft edge without losing anything.
  if (shadows) {
    band.same = std::max(band.same, 10);
    band.other = std::max(band.other, 26);
  }
  Mask like = blank_like(rgb), calm = like;
  for (std::size_t i = 0; i < distance.size(); ++i) {
    const bool shadow = shadows && steps[i] < 12 && is_shadow(&rgb.pixels[3 * i], background);
    like.cells[i] = distance[i] < band.other || shadow ? 255 : 0;
    calm.cells[i] = like.cells[i] != 0 && (shadow || steps[i] <= band.step) ? 255 : 0;
  }
  Mask outside = flooded(calm, border);
  if (band.step < 255) {
    // What seeped into the garment through gaps in its edge is cut off there.
    const int reach = std::max(1, std::max(rgb.width, rgb.height) / 250);
    const Mask open = grown(shrunk(outside, reach), reach);
    Mask seeds = outside;
    for (std::size_t i = 0; i < seeds.cells.size(); ++i)
      if (open.cells[i] == 0) seeds.cells[i] = 0;
    Mask kept = grown(flooded(seeds, border), 1);
    // Gaps between sleeve and trunk that narrow to nothing; not where a white print could be one.
    Mask holes = calm;
    const bool pure = std::min({background[0], background[1], background[2]}) > 250;
    for (std::size_t i = 0; i < holes.cells.size(); ++i) {
      if (pure || outside.cells[i] == 0 || kept.cells[i] != 0) holes.cells[i] = 0;
    }
    for (const Part& part : connected_parts(shrunk(holes, reach))) {
      if (part.cells.size() * 1500 < holes.cells.size()) break;
      for (int index : part.cells) kept.cells[index] = 255;
    }
    kept = grown(kept, reach);
    // Up to the edge itself.
    for (std::size_t i = 0; i < outside.cells.size(); ++i)
      outside.cells[i] = kept.cells[i] != 0 && like.cells[i] != 0 ? 255 : 0;
  }
  Picture cut = Picture::filled(rgb.width, rgb.height, 4, 255);
  for (std::size_t i = 0; i < distance.size(); ++i) {
    for (std::size_t c = 0; c < 3; ++c) cut.pixels[4 * i + c] = rgb.pixels[3 * i + c];
    if (outside.cells[i] == 0) continue;
    const int alpha = (distance[i] - band.same) * 255 / (band.other - band.same);
    const bool shadow = shadows && is_shadow(&rgb.pixels[3 * i], background);
    cut.pixels[4 * i + 3] =
        shadow ? std::uint8_t{0} : static_cast<std::uint8_t>(std::clamp(alpha, 0, 255));
  }
  return cut;
}

}  // namespace

std::optional<Picture> without_background(const Picture& rgb) {
  const Background background(rgb);
  std::vector<std::uint8_t> distance(static_cast<std::size_t>(rgb.width) *
                                     static_cast<std::size_t>(rgb.height));
  for (int y = 0; y < rgb.height; ++y) {
    for (int x = 0; x < rgb.width; ++x) {
      const std::uint8_t* p = rgb.row(y).data() + 3 * x;
      float most = 0;
      for (std::size_t c = 0; c < 3; ++c)
        most = std::max(most, std::abs(static_cast<float>(p[c]) - background.at(c, x, y)));
      distance[static_cast<std::size_t>(y) * static_cast<std::size_t>(rgb.width) +
               static_cast<std::size_t>(x)] = static_cast<std::uint8_t>(std::min(most, 255.0F));
    }
  }
  std::vector<int> border;
  for (int x = 0; x < rgb.width; ++x) {
    border.push_back(x);
    border.push_back((rgb.height - 1) * rgb.width + x);
  }
  for (int y = 0; y < rgb.height; ++y) {
    border.push_back(y * rgb.width);
    border.push_back(y * rgb.width + rgb.width - 1);
  }
  const auto even = std::count_if(border.begin(), border.end(),
                                  [&](int index) { return distance[index] < Band{}.other; });
  if (even * 10 < std::ssize(border) * 6) return std::nullopt;
  return cut_along(rgb, distance, border, background.usual(), band_for(distance, border));
}

}  // namespace selvage::tryon
