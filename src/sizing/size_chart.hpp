// A size chart: which sizes a garment comes in and which bodies they are for, as data.
//
// Stores bring their own as JSON documents:
//
//   {"name": "Shirts 2026", "sex": "female", "unit": "cm", "primary": "chest",
//    "sizes": [{"label": "S", "chest": [82, 90], "waist": [66, 74]},
//              {"label": "M", "chest": [90, 98], "waist": [74, 82]}]}
//
// Ranges are of the BODY, not of the garment. A parsed chart is valid: sizes from small to large,
// every size with the same measures. Values; thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "sizing/measurements.hpp"

namespace selvage::sizing {

inline constexpr std::size_t kMostChartBytes = 64 * 1024;
inline constexpr std::size_t kMostSizes = 40;
inline constexpr std::size_t kLongestLabel = 16;
inline constexpr std::size_t kLongestChartName = 100;

struct Range {
  double from = 0, to = 0;  // cm
  bool operator==(const Range&) const = default;
};

struct Size {
  std::string label;
  std::array<std::optional<Range>, kMeasures.size()> ranges;

  [[nodiscard]] const std::optional<Range>& operator[](Measure m) const {
    return ranges[static_cast<std::size_t>(m)];
  }
  bool operator==(const Size&) const = default;
};

struct SizeChart {
  std::string name;
  std::optional<Sex> sex;  // whom it is made for; nothing: everybody
  Measure primary = Measure::chest;
  std::vector<Size> sizes;  // at least one, from small to large in each measure

  [[nodiscard]] bool has(Measure m) const { return !sizes.empty() && sizes.front()[m].has_value(); }
  // Between size i and i + 1 for `m`, cm: the middle of what lies between their ranges (or of where
  // they overlap). One fewer than sizes. REQUIRES: has(m).
  [[nodiscard]] std::vector<double> borders(Measure m) const;
  bool operator==(const SizeChart&) const = default;
};

// Reads and checks a document; inches become centimetres. Every problem is named at once.
// Errors: json.syntax, sizing.chart_invalid (invalid), sizing.chart_too_large (too_large).
[[nodiscard]] Result<SizeChart> parse_size_chart(std::string_view json);
// The document parse_size_chart() reads back to the same chart, in centimetres.
[[nodiscard]] std::string to_json(const SizeChart& chart);

// EN 13402-3 letters XS to XXL by chest (bust) girth, with its waist and hip columns; without a sex
// the mean of the men's and women's, as unisex garments are cut. Valid for the program's life.
[[nodiscard]] const SizeChart& default_chart(std::optional<Sex> sex);

}  // namespace selvage::sizing
