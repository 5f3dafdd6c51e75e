// Centimetres of a body, each with how far it may be off.
//
// measure() reads coefficients fitted on rendered bodies with known tape measures (see
// tools/sizing/ and docs/guides/body-sizing.md); the sex, when it is told, narrows the answer, and
// is never guessed. Pure and thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "sizing/silhouette.hpp"

namespace selvage::sizing {

enum class Sex { male, female };

[[nodiscard]] std::string_view name(Sex sex);  // "male"
[[nodiscard]] std::optional<Sex> sex_named(std::string_view name);

// Girths and lengths as ISO 8559-1 defines them: chest over the bust, waist between ribs and hip
// bones, hip over the buttocks, inseam from crotch to sole; shoulder is the straight breadth
// between the acromia, arm from acromion over the elbow to the wrist.
enum class Measure { shoulder, chest, waist, hip, inseam, arm };

inline constexpr std::array kMeasures{Measure::shoulder, Measure::chest,  Measure::waist,
                                      Measure::hip,      Measure::inseam, Measure::arm};

[[nodiscard]] std::string_view name(Measure measure);  // "chest"
[[nodiscard]] std::optional<Measure> measure_named(std::string_view name);

struct Estimate {
  double cm = 0;
  double sd = 0;  // standard deviation of the error, cm; above 0
};

struct Measurements {
  std::array<Estimate, kMeasures.size()> all{};

  [[nodiscard]] const Estimate& operator[](Measure m) const {
    return all[static_cast<std::size_t>(m)];
  }
  [[nodiscard]] Estimate& operator[](Measure m) { return all[static_cast<std::size_t>(m)]; }
};

// Whether the coefficients were fitted to the features that find_silhouette() computes now; false
// means that tools/sizing/fit_measurements.py has to be run again.
[[nodiscard]] bool coefficients_match_features();

// REQUIRES: a silhouette of find_silhouette(); height_cm within 50..300.
[[nodiscard]] Measurements measure(const Silhouette& silhouette, double height_cm,
                                   std::optional<Sex> sex);

}  // namespace selvage::sizing
