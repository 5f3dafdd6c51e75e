#include "sizing/measurements.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace selvage::sizing {
namespace {

#include "sizing/detail/coefficients.inc"

constexpr std::size_t kOutputs = kMeasures.size();
// Obstacles that widen the error, in the table's order and units.
constexpr std::size_t kObstacles = 4;
// However strange the picture, an error larger than this share of the measure says no more.
constexpr double kLargestSpread = 0.25;

static_assert(kInputs == std::size(kFeatureNames) + 2);
static_assert(std::size(kLogSd) == kOutputs * kObstacles);
static_assert(std::size(kBump) == kCentres * kOutputs);

struct Regression {
  std::array<double, kOutputs> by_stature{};
  double novelty = 0;  // 1 for an ordinary body, more for one unlike all that were fitted
};

Regression regress(const std::vector<double>& features, double height_cm, double sex) {
  std::array<double, kInputs> input{};
  std::copy_n(features.begin(), kInputs - 2, input.begin());
  input[kInputs - 2] = height_cm / 170 - 1;
  input[kInputs - 1] = sex;

  std::array<double, kComponents> z{};
  for (std::size_t i = 0; i < kInputs; ++i) {
    const double x = (input[i] - kMean[i]) * kScale[i];
    for (std::size_t c = 0; c < kComponents; ++c) z[c] += x * kAxes[i * kComponents + c];
  }

  Regression result;
  for (std::size_t m = 0; m < kOutputs; ++m) result.by_stature[m] = kOffset[m];
  for (std::size_t c = 0; c < kComponents; ++c) {
    result.novelty += z[c] * z[c] / kSpread[c] / kComponents;
    for (std::size_t m = 0; m < kOutputs; ++m)
      result.by_stature[m] += z[c] * kLinear[c * kOutputs + m];
  }
  for (std::size_t k = 0; k < kCentres; ++k) {
    double distance = 0;
    for (std::size_t c = 0; c < kComponents; ++c) {
      const double d = z[c] - kCentre[k * kComponents + c];
      distance += d * d;
    }
    const double near = std::exp(-distance / (2 * kKernelWidth * kKernelWidth));
    for (std::size_t m = 0; m < kOutputs; ++m)
      result.by_stature[m] += near * kBump[k * kOutputs + m];
  }
  return result;
}

double spread(std::size_t measure, const Obstacles& seen) {
  const float* log_sd = kLogSd + measure * kObstacles;
  return std::exp(log_sd[0] + log_sd[1] * seen.yaw_degrees / 20 + log_sd[2] * seen.arms +
                  log_sd[3] * std::abs(seen.tilt_degrees) / 15);
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
  SELVAGE_CHECK(silhouette.features.size() == kInputs - 2);
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
    body[m] = {cm, std::min(spread(i, silhouette.obstacles) * strange, kLargestSpread * cm)};
  }
  return body;
}

}  // namespace selvage::sizing
