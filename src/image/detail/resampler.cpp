#include "image/detail/resampler.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <span>

#include "base/error.hpp"
#include "image/detail/resample_kernels.hpp"

namespace selvage::image::detail {
namespace {

double lanczos(double x) {
  constexpr double kLobes = 3;
  if (x == 0) return 1;
  if (std::abs(x) >= kLobes) return 0;
  const double angle = std::numbers::pi * x;
  return kLobes * std::sin(angle) * std::sin(angle / kLobes) / (angle * angle);
}

std::uint8_t to_sample(float value) {
  return static_cast<std::uint8_t>(std::clamp(value + 0.5F, 0.0F, 255.0F));
}

// RGBA to colour times alpha, and alpha times 255, so that all four have the same range.
void weigh_by_alpha(const std::uint8_t* from, std::uint16_t* to, int width) {
  for (int x = 0; x < width; ++x, from += 4, to += 4) {
    const unsigned alpha = from[3];
    for (int c = 0; c < 3; ++c) to[c] = static_cast<std::uint16_t>(from[c] * alpha);
    to[3] = static_cast<std::uint16_t>(alpha * 255);
  }
}

void store_unweighted(const float* pixels, std::uint8_t* to, int width) {
  for (int x = 0; x < width; ++x, pixels += 8, to += 4) {
    const float alpha = pixels[3];
    to[3] = to_sample(alpha / 255);
    const float scale = alpha > 0 ? 255 / alpha : 0;
    for (int c = 0; c < 3; ++c) to[c] = to_sample(pixels[c] * scale);
  }
}

}  // namespace

Kernel lanczos3(int source, int target) {
  const double ratio = static_cast<double>(source) / target;
  const double stretch =
      std::max(ratio, 1.0);  // shrinking widens the filter, enlarging does not narrow it
  const double reach = 3 * stretch;
  Kernel kernel;
  kernel.taps = std::min(source, static_cast<int>(std::ceil(2 * reach)) + 1);
  kernel.taps += kernel.taps & 1;
  kernel.first.resize(static_cast<std::size_t>(target));
  kernel.weights.assign(static_cast<std::size_t>(target) * kernel.taps, 0);
  std::vector<double> raw;
  for (int i = 0; i < target; ++i) {
    const double centre = (i + 0.5) * ratio;
    const int from = std::max(0, static_cast<int>(std::floor(centre - reach)));
    const int to =
        std::min({source, static_cast<int>(std::ceil(centre + reach)), from + kernel.taps});
    raw.clear();
    double total = 0;
    for (int j = from; j < to; ++j) {
      raw.push_back(lanczos((j + 0.5 - centre) / stretch));
      total += raw.back();
    }
    kernel.first[static_cast<std::size_t>(i)] = from;
    float* weights = kernel.weights.data() + static_cast<std::size_t>(i) * kernel.taps;
    for (std::size_t k = 0; k < raw.size(); ++k) weights[k] = static_cast<float>(raw[k] / total);
  }
  return kernel;
}

Resampler::Resampler(Size source, Size target, int channels, bool alpha)
    : source_(source),
      target_(target),
      channels_(channels),
      alpha_(alpha && channels == 4),
      copy_only_(source == target),
      row_samples_(static_cast<std::size_t>(source.width) * channels) {
  SELVAGE_CHECK(std::min({source.width, source.height, target.width, target.height}) >= 1);
  SELVAGE_CHECK(channels == 3 || channels == 4);
  result_ = {target.width, target.height, channels, {}};
  result_.samples.resize(static_cast<std::size_t>(target.width) * target.height * channels);
  if (copy_only_) return;
  vertical_ = lanczos3(source.height, target.height);
  horizontal_ = lanczos3(source.width, target.width);
  ring_rows_ = std::min(vertical_.taps, source.height);
  if (alpha_) {
    incoming_.resize(row_samples_);
    ring_weighted_.resize(row_samples_ * ring_rows_);
  } else {
    ring_.resize(row_samples_ * ring_rows_);
  }
  line_.assign(row_samples_ + 1, 0);
  pair_.assign(8 * (static_cast<std::size_t>(source.width) + horizontal_.taps), 0);
}

std::uint8_t* Resampler::next_row() {
  SELVAGE_CHECK(rows_in_ < source_.height);
  if (copy_only_) return result_.samples.data() + row_samples_ * rows_in_;
  if (alpha_) return incoming_.data();
  return ring_.data() + row_samples_ * (rows_in_ % ring_rows_);
}

void Resampler::row_done() {
  if (alpha_ && !copy_only_) {
    weigh_by_alpha(incoming_.data(), ring_weighted_.data() + row_samples_ * (rows_in_ % ring_rows_),
                   source_.width);
  }
  ++rows_in_;
  if (copy_only_) return;
  // A row can be made as soon as the last source row it reaches is here.
  while (rows_out_ < target_.height) {
    const int last = std::min(source_.height, vertical_.first[rows_out_] + vertical_.taps);
    if (last > rows_in_) return;
    sum_vertically(rows_out_);
    const int half = rows_out_ % 2;
    put_line(line_.data(), channels_, half, pair_.data(), source_.width);
    ++rows_out_;
    if (half == 1) finish_pair(rows_out_ - 2, 2);
    if (half == 0 && rows_out_ == target_.height) finish_pair(rows_out_ - 1, 1);
  }
}

void Resampler::sum_vertically(int y) {
  const int first = vertical_.first[y];
  const int count = std::min(vertical_.taps, source_.height - first);
  const float* weights = vertical_.weights.data() + static_cast<std::size_t>(y) * vertical_.taps;
  auto sum = [&](const auto& ring) {
    using Sample = std::decay_t<decltype(ring[0])>;
    std::vector<const Sample*> rows(static_cast<std::size_t>(count));
    for (int k = 0; k < count; ++k) {
      rows[k] = ring.data() + row_samples_ * ((first + k) % ring_rows_);
    }
    sum_rows(std::span<const Sample* const>(rows), weights, line_.data(), row_samples_);
  };
  if (alpha_) {
    sum(ring_weighted_);
  } else {
    sum(ring_);
  }
}

// The horizontal pass for the rows y and, when there are two lines, y + 1.
void Resampler::finish_pair(int y, int lines) {
  constexpr int kBatch = 64;
  alignas(32) float pixels[8 * kBatch];
  const auto stride = static_cast<std::size_t>(target_.width) * static_cast<std::size_t>(channels_);
  std::uint8_t* rows = result_.samples.data() + static_cast<std::size_t>(y) * stride;
  for (int x = 0; x < target_.width; x += kBatch) {
    const int batch = std::min(kBatch, target_.width - x);
    sum_columns(pair_.data(), horizontal_.first.data() + x,
                horizontal_.weights.data() + static_cast<std::size_t>(x) * horizontal_.taps,
                horizontal_.taps, pixels, batch);
    for (int line = 0; line < lines; ++line) {
      std::uint8_t* to = rows + static_cast<std::size_t>(line) * stride +
                         static_cast<std::size_t>(x) * static_cast<std::size_t>(channels_);
      if (alpha_) {
        store_unweighted(pixels + 4 * line, to, batch);
      } else {
        round_line(pixels, line, to, channels_, batch);
      }
    }
  }
}

Raster Resampler::finish() {
  SELVAGE_CHECK(rows_in_ == source_.height);
  return std::move(result_);
}

}  // namespace selvage::image::detail
