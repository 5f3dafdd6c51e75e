#include "sizing/measurements.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <span>

namespace selvage::sizing {
namespace {

#include "sizing/detail/coefficients.inc"

constexpr std::size_t kOutputs = kMeasures.size();
// Features that describe the shape come first, then those of the light, then height and sex.
constexpr std::size_t kShape = kInputs - 2;
// What widens the error, in the table's order and units.
constexpr std::size_t kObstacles = 6;
// However strange the picture, an error larger than this share of the measure says no more.
constexpr double kLargestSpread = 0.25;

static_assert(kShape + kPixels == std::size(kFeatureNames));
static_assert(std::size(kLogSd) == kOutputs * kObstacles);
static_assert(std::size(kBump) == kCentres * kOutputs);

using ByStature = std::array<double, kOutputs>;

struct Regression {
  ByStature by_stature{};
  double novelty = 0;  // 1 for an ordinary body, more for one unlike all that were fitted
  double trust = 0;    // 0..1: how far the light on the chest is like what was fitted
};

// One block of the light's grid: rows [first, first + rows), and the kernels on its components.
struct LightBlock {
  std::size_t first, rows;
  const float *axes, *centres, *bumps;
};

constexpr LightBlock kBlocks[] = {
    {kChestFirst, kChestRows, kChestAxes, kChestCentre, kChestBump},
    {kBellyFirst, kBellyRows, kBellyAxes, kBellyCentre, kBellyBump},
};
static_assert(std::size(kChestAxes) == kChestRows * kColumns * kLightComponents);
static_assert(std::size(kBellyAxes) == kBellyRows * kColumns * kLightComponents);
static_assert(std::size(kChestBump) == kLightCentres * kOutputs);
static_assert(std::size(kBellyBump) == kLightCentres * kOutputs);

template <std::size_t Size>
double distance(const std::array<double, Size>& z, const float* centre) {
  double sum = 0;
  for (std::size_t c = 0; c < Size; ++c) sum += (z[c] - centre[c]) * (z[c] - centre[c]);
  return sum;
}

void add_kernel(ByStature& to, double near, const float* bumps) {
  for (std::size_t m = 0; m < kOutputs; ++m) to[m] += near * bumps[m];
}

// Adds what the light of one block says, and tells how far it is like what was fitted: what lies
// outside of the components makes it count less, down to nothing.
double add_light(ByStature& to, std::span<const double> light, const LightBlock& block) {
  std::array<double, kLightComponents> z{};
  const std::size_t pixels = block.rows * kColumns;
  double outside = 0;
  for (std::size_t i = 0; i < pixels; ++i) {
    const std::size_t at = block.first * kColumns + i;
    const double x = (light[at] - kLightMean[at]) * kLightScale[at];
    outside += x * x;
    for (std::size_t c = 0; c < kLightComponents; ++c)
      z[c] += x * block.axes[i * kLightComponents + c];
  }
  for (const double each : z) outside -= each * each;
  const double variance = 2.0 * static_cast<double>(pixels);
  const double trust = std::exp(-std::max(outside, 0.0) / variance);
  for (std::size_t k = 0; k < kLightCentres; ++k) {
    const double away = distance(z, block.centres + k * kLightComponents);
    add_kernel(to, trust * std::exp(-away / variance), block.bumps + k * kOutputs);
  }
  return trust;
}

Regression regress(std::span<const double> features, double height_cm, double sex) {
  std::array<double, kInputs> input{};
  std::copy_n(features.begin(), kShape, input.begin());
  input[kShape] = height_cm / 170 - 1;
  input[kShape + 1] = sex;

  std::array<double, kComponents> z{};
  for (std::size_t i = 0; i < kInputs; ++i) {
    const double x = (input[i] - kMean[i]) * kScale[i];
    for (std::size_t c = 0; c < kComponents; ++c) z[c] += x * kAxes[i * kComponents + c];
  }

  Regression result;
  std::copy_n(kOffset, kOutputs, result.by_stature.begin());
  for (std::size_t c = 0; c < kComponents; ++c) {
    result.novelty += z[c] * z[c] / kSpread[c] / kComponents;
    add_kernel(result.by_stature, z[c], kLinear + c * kOutputs);
  }
  for (std::size_t k = 0; k < kCentres; ++k) {
    const double near =
        std::exp(-distance(z, kCentre + k * kComponents) / (2 * kKernelWidth * kKernelWidth));
    add_kernel(result.by_stature, near, kBump + k * kOutputs);
  }
  const std::span<const double> light = features.subspan(kShape, kPixels);
  // A relief of nothing but zeros is a pose without a picture.
  if (std::ranges::all_of(light, [](double each) { return each == 0; })) return result;
  result.trust = add_light(result.by_stature, light, kBlocks[0]);
  add_light(result.by_stature, light, kBlocks[1]);
  return result;
}

double spread(std::size_t measure, const Obstacles& seen, const Regression& found, double sex) {
  const float* log_sd = kLogSd + measure * kObstacles;
  return std::exp(log_sd[0] + log_sd[1] * seen.yaw_degrees / 20 + log_sd[2] * seen.arms +
                  log_sd[3] * std::abs(seen.tilt_degrees) / 15 + log_sd[4] * sex +
                  log_sd[5] * (1 - found.trust));
}

}  // namespace

std::string_view name(Sex sex) { return sex == Sex::male ? "male" : "female"; }

std::optional<Sex> sex_named(std::string_view text) {
  if (text == "male") return Sex::male;
  if (text == "female") return Sex::female;
  return std::nullopt;
}

std::string_view name(Measure measure) {
  switch (measure) {
    case Measure::shoulder:
      return "shoulder";
    case Measure::chest:
      return "chest";
    case Measure::waist:
      return "waist";
    case Measure::hip:
      return "hip";
    case Measure::inseam:
      return "inseam";
    case Measure::arm:
      return "arm";
  }
  return "arm";
}

std::optional<Measure> measure_named(std::string_view text) {
  for (const Measure measure : kMeasures)
    if (name(measure) == text) return measure;
  return std::nullopt;
}

bool coefficients_match_features() {
  return std::ranges::equal(feature_names(), kFeatureNames,
                            [](std::string_view a, std::string_view b) { return a == b; });
}

Measurements measure(const Silhouette& silhouette, double height_cm, std::optional<Sex> sex) {
  SELVAGE_CHECK(silhouette.features.size() == kShape + kPixels);
  const double sign = sex ? (*sex == Sex::male ? 1 : -1) : 0;
  const Regression found = regress(silhouette.features, height_cm, sign);
  // A body unlike the fitted ones: the error grows as far as it lies outside of them.
  const double strange = std::max(1.0, std::sqrt(found.novelty / kOrdinaryNovelty));
  Measurements body;
  for (const Measure m : kMeasures) {
    const auto i = static_cast<std::size_t>(m);
    // Nobody's measure is nothing, or larger than twice the stature.
    double share = std::clamp(found.by_stature[i], 0.05, 2.0);
    if (m == Measure::hip) share *= 1 + kHipBlend * kRealHips;
    const double cm = share * height_cm;
    body[m] = {
        cm, std::min(spread(i, silhouette.obstacles, found, sign) * strange, kLargestSpread * cm)};
  }
  return body;
}

}  // namespace selvage::sizing
