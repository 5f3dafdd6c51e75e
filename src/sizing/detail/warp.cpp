#include "sizing/detail/warp.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/error.hpp"

namespace selvage::sizing::detail {
namespace {

constexpr int kBits = 5;  // places are rounded to 1/32 of a pixel
constexpr int kParts = 1 << kBits;
constexpr int kChannels = 3;
// Farther outside nothing changes: all is border. Keeps places within 32 bits.
constexpr double kFarthest = 1 << 24;

struct Place {
  int x, y;    // the pixel up and left of it
  int fx, fy;  // how far right and down of that, in 1/32
};

// Both weights of a direction sum to 32, so all four to 1024.
inline int blend(int a, int b, int c, int d, int fx, int fy) {
  const int upper = a * (kParts - fx) + b * fx, lower = c * (kParts - fx) + d * fx;
  return (upper * (kParts - fy) + lower * fy + (1 << (2 * kBits - 1))) >> (2 * kBits);
}

class Sampler {
 public:
  Sampler(const image::Picture& picture, Border border, const Levels& levels)
      : pixels_(picture.pixels.data()),
        stride_(picture.stride()),
        width_(picture.width),
        height_(picture.height),
        border_(border),
        levels_(levels.data()) {}

  void sample(const Place& at, float* out) const {
    const bool inside = static_cast<unsigned>(at.x) < static_cast<unsigned>(width_ - 1) &&
                        static_cast<unsigned>(at.y) < static_cast<unsigned>(height_ - 1);
    if (!inside) return sample_at_edge(at, out);
    const std::uint8_t* up = pixel(at.x, at.y);
    const std::uint8_t* down = up + stride_;
    for (int c = 0; c < kChannels; ++c) {
      out[c] = levels_[blend(up[c], up[c + kChannels], down[c], down[c + kChannels], at.fx, at.fy)];
    }
  }

 private:
  [[nodiscard]] const std::uint8_t* pixel(int x, int y) const {
    return pixels_ + static_cast<std::size_t>(y) * stride_ +
           static_cast<std::size_t>(x) * kChannels;
  }

  [[nodiscard]] const std::uint8_t* pixel_or_border(int x, int y) const {
    static constexpr std::uint8_t kBlack[kChannels] = {0, 0, 0};
    if (border_ == Border::black) {
      return x < 0 || y < 0 || x >= width_ || y >= height_ ? kBlack : pixel(x, y);
    }
    return pixel(std::clamp(x, 0, width_ - 1), std::clamp(y, 0, height_ - 1));
  }

  void sample_at_edge(const Place& at, float* out) const {
    const std::uint8_t* a = pixel_or_border(at.x, at.y);
    const std::uint8_t* b = pixel_or_border(at.x + 1, at.y);
    const std::uint8_t* c = pixel_or_border(at.x, at.y + 1);
    const std::uint8_t* d = pixel_or_border(at.x + 1, at.y + 1);
    for (int i = 0; i < kChannels; ++i) {
      out[i] = levels_[blend(a[i], b[i], c[i], d[i], at.fx, at.fy)];
    }
  }

  const std::uint8_t* pixels_;
  std::size_t stride_;
  int width_, height_;
  Border border_;
  const float* levels_;
};

// To the nearest part, halves to even: the sum leaves no bits for a fraction, and its lowest 32 are
// the integer. (std::lrint is a call, and there are two for each sample.)
inline int rounded(double place) {
  constexpr double kShift = 0x1.8p52;
  const double shifted = std::clamp(place, -kFarthest, kFarthest) * kParts + kShift;
  return static_cast<int>(static_cast<std::uint32_t>(std::bit_cast<std::uint64_t>(shifted)));
}

}  // namespace

Levels levels(float scale, float offset) {
  Levels all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<float>(i) * scale + offset;
  return all;
}

void warp(const image::Picture& picture, const Roi& roi, int size, Border border,
          const Levels& levels, std::span<float> out) {
  SELVAGE_CHECK(picture.channels == kChannels && !picture.empty());
  SELVAGE_CHECK(out.size() == static_cast<std::size_t>(size) * size * kChannels);
  const double along = std::cos(double{roi.rotation}) * roi.side;
  const double across = std::sin(double{roi.rotation}) * roi.side;
  const double corner_x = roi.centre_x - along / 2 + across / 2;
  const double corner_y = roi.centre_y - across / 2 - along / 2;
  const double step_x = along / size, step_y = across / size;  // to the right; down is (-y, x)
  const Sampler sampler(picture, border, levels);
  float* to = out.data();
  for (int j = 0; j < size; ++j) {
    const double row_x = corner_x - j * step_y, row_y = corner_y + j * step_x;
    for (int i = 0; i < size; ++i, to += kChannels) {
      const int x = rounded(row_x + i * step_x), y = rounded(row_y + i * step_y);
      sampler.sample({x >> kBits, y >> kBits, x & (kParts - 1), y & (kParts - 1)}, to);
    }
  }
}

}  // namespace selvage::sizing::detail
