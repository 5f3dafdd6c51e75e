// From a pose to a size: the measurements, the recommended size with its neighbours, and how sure
// all of that is. This is the room's front door for everybody who has a pose.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "sizing/body_type.hpp"
#include "sizing/measurements.hpp"
#include "sizing/pose.hpp"
#include "sizing/size_chart.hpp"

namespace selvage::sizing {

// What FR-4 admits.
inline constexpr double kLeastHeightCm = 100;
inline constexpr double kMostHeightCm = 250;

// How the wearer likes it. A quarter of a size's step towards smaller for slim, half a step towards
// larger for loose.
enum class Fit { slim, regular, loose };

[[nodiscard]] std::string_view name(Fit fit);
[[nodiscard]] std::optional<Fit> fit_named(std::string_view name);

struct Wearer {
  double height_cm = 0;
  std::optional<Sex> sex;  // as told by the wearer; never guessed
  Fit fit = Fit::regular;
};

struct SizeOption {
  std::string label;
  double probability = 0;  // that the body lies in this size's range, 0..1
};

struct Warning {
  std::string_view code;  // "arms_close", stable
  std::string message;    // one sentence for the wearer, without a final full stop
};

struct SizeAdvice {
  std::string size;       // the most probable label
  double confidence = 0;  // its probability; calibrated: of answers near 0.8, 80 % are right
  // The chart's neighbours of `size`; nothing at its ends.
  std::optional<SizeOption> smaller, larger;
  std::vector<SizeOption> options;  // every size of the chart, adding up to 1
  Measurements measurements;
  BodyType body_type = BodyType::rectangle;
  std::vector<Warning> warnings;
  std::vector<MeasuringLine> lines;  // where it was measured, in pixels of the picture
  std::string chart;                 // its name
};

// Pure, about 2 ms, any thread. Errors: sizing.height_invalid (invalid) and those of judge()
// (unprocessable: 422), each with what to do about the photo.
[[nodiscard]] Result<SizeAdvice> advise(const Pose& pose, const Wearer& wearer,
                                        const SizeChart& chart);

// The second half of advise(), for measurements from elsewhere: which size of the chart, and with
// which probability. Fills everything but lines, body_type and warnings about the photo.
[[nodiscard]] SizeAdvice choose_size(const Measurements& body, Fit fit, const SizeChart& chart);

}  // namespace selvage::sizing
