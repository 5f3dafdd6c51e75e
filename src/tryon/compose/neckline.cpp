#include "tryon/compose/neckline.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace selvage::tryon {
namespace {

class Neck {
 public:
  Neck(const image::Picture& garment, const Pattern& pattern)
      : garment_(garment), axis_(pattern.axis), half_(pattern.neck_half) {
    for (std::size_t side : {0U, 1U}) {
      const int x = column(side == 0 ? -0.96F : 0.96F);
      int y = static_cast<int>(pattern.top);
      while (y < garment.height && alpha(x, y) < 128) ++y;
      edge_[side] = static_cast<float>(y);
    }
  }

  // The front's edge hangs in a curve between the two points where it meets the shoulders.
  [[nodiscard]] float curve(float share, float depth) const {
    const float level = edge_[0] + (edge_[1] - edge_[0]) * (share + 1) / 2;
    return level + depth * (1 - share * share * (0.6F + 0.4F * share * share));
  }
  [[nodiscard]] int column(float share) const {
    return std::clamp(static_cast<int>(axis_ + share * half_), 0, garment_.width - 1);
  }
  [[nodiscard]] int alpha(int x, int y) const { return garment_.row(y)[4 * x + 3]; }

  // How clearly a line is seen along the curve: what the weaker third of it shows.
  [[nodiscard]] float clearness(float depth) const {
    std::vector<float> steps;
    for (float share = -0.85F; share <= 0.86F; share += 0.05F) {
      const int x = column(share), y = static_cast<int>(curve(share, depth));
      if (y < 3 || y + 3 >= garment_.height) continue;
      if (alpha(x, y - 3) < 128 || alpha(x, y + 2) < 128) {
        steps.push_back(0);
        continue;
      }
      float most = 0;
      for (int c = 0; c < 3; ++c) {
        most = std::max(most, static_cast<float>(std::abs(garment_.row(y - 3)[4 * x + c] -
                                                          garment_.row(y + 2)[4 * x + c])));
      }
      steps.push_back(most);
    }
    if (steps.size() < 12) return 0;
    const auto place = steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 3);
    std::nth_element(steps.begin(), place, steps.end());
    return *place;
  }

 private:
  const image::Picture& garment_;
  float axis_, half_;
  std::array<float, 2> edge_{};
};

}  // namespace

void open_neck(image::Picture& garment, const Pattern& pattern) {
  if (pattern.cut != Cut::top || pattern.bare_shoulders || pattern.neck_half < 8) return;
  const Neck neck(garment, pattern);
  // An opening that is open already has nothing to be found in.
  const int middle = neck.column(0);
  const float level = neck.curve(0, 0);
  int first = static_cast<int>(pattern.top);
  while (first + 1 < garment.height && neck.alpha(middle, first) < 128) ++first;
  if (static_cast<float>(first) > level + 0.45F * pattern.neck_half) return;

  std::vector<std::pair<float, float>> found;  // depth, clearness
  float best = 0;
  for (float depth = 0.12F * pattern.neck_half; depth < 1.5F * pattern.neck_half; depth += 1) {
    found.emplace_back(depth, neck.clearness(depth));
    best = std::max(best, found.back().second);
  }
  constexpr float kSeen = 14;
  if (best < kSeen) return;
  // The first clear line: further down come the collar's seams.
  float depth = 0;
  for (std::size_t i = 0; i < found.size() && depth == 0; ++i) {
    const bool peak = (i == 0 || found[i].second >= found[i - 1].second) &&
                      (i + 1 == found.size() || found[i].second >= found[i + 1].second);
    if (peak && found[i].second > 0.55F * best) depth = found[i].first;
  }
  for (float share = -1; share <= 1; share += 0.5F / pattern.neck_half) {
    const int x = neck.column(share);
    const float end = neck.curve(share, depth);
    for (int y = 0; y < static_cast<int>(end) + 2 && y < garment.height; ++y) {
      std::uint8_t& alpha = garment.row(y)[4 * static_cast<std::size_t>(x) + 3];
      const float left = std::clamp(static_cast<float>(y) - end + 1, 0.0F, 1.0F);
      alpha = std::min(alpha, static_cast<std::uint8_t>(255 * left));
    }
  }
}

}  // namespace selvage::tryon
