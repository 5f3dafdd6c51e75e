#include "sizing/size_advice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "sizing/verdict.hpp"

namespace selvage::sizing {
namespace {

// Shares of a size's step by which the wish for a slim or loose fit moves the body in the chart.
constexpr double kSlimSteps = -0.25, kLooseSteps = 0.5;
// From these on the picture is good enough to answer and bad enough to say so.
constexpr double kNoticeableYaw = 15, kNoticeableArms = 0.7, kNoticeableTilt = 20;
// A second measure that asks for another size is worth a word when it is this sure of it.
constexpr double kSureOfAnotherSize = 0.7;

double below(double x, const Estimate& e) {
  return 0.5 * std::erfc((e.cm - x) / (e.sd * std::numbers::sqrt2));
}

// How far the fit moves a body, cm.
double shift(Fit fit, const std::vector<Size>& sizes, Measure m) {
  const double step = sizes.size() < 2 ? sizes.front()[m]->to - sizes.front()[m]->from
                                       : (sizes.back()[m]->from - sizes.front()[m]->from) /
                                             static_cast<double>(sizes.size() - 1);
  switch (fit) {
    case Fit::slim:
      return kSlimSteps * step;
    case Fit::regular:
      return 0;
    case Fit::loose:
      return kLooseSteps * step;
  }
  return 0;
}

std::vector<double> probabilities(Estimate estimate, Fit fit, const SizeChart& chart, Measure m) {
  estimate.cm += shift(fit, chart.sizes, m);
  std::vector<double> all;
  double before = 0;
  for (const double border : chart.borders(m)) {
    const double here = below(border, estimate);
    all.push_back(std::max(0.0, here - before));
    before = here;
  }
  all.push_back(std::max(0.0, 1 - before));
  return all;
}

std::size_t likeliest(const std::vector<double>& all) {
  return static_cast<std::size_t>(std::max_element(all.begin(), all.end()) - all.begin());
}

void warn_about_chart(SizeAdvice& advice, Fit fit, const SizeChart& chart) {
  const Estimate& own = advice.measurements[chart.primary];
  const double shifted = own.cm + shift(fit, chart.sizes, chart.primary);
  const double least = chart.sizes.front()[chart.primary]->from;
  const double most = chart.sizes.back()[chart.primary]->to;
  if (shifted < least || shifted > most)
    advice.warnings.push_back(
        {"outside_chart",
         fmt::format("{} {:.0f} cm is {} than any size of the chart", name(chart.primary), own.cm,
                     shifted < least ? "smaller" : "larger")});
  for (const Measure m : kMeasures) {
    if (m == chart.primary || !chart.has(m)) continue;
    const auto all = probabilities(advice.measurements[m], fit, chart, m);
    const std::size_t best = likeliest(all);
    if (chart.sizes[best].label == advice.size || all[best] < kSureOfAnotherSize) continue;
    advice.warnings.push_back(
        {"measures_differ", fmt::format("by the {} alone ({:.0f} cm) it would be size {}", name(m),
                                        advice.measurements[m].cm, chart.sizes[best].label)});
  }
}

void warn_about_photo(SizeAdvice& advice, const Obstacles& seen) {
  if (seen.yaw_degrees > kNoticeableYaw)
    advice.warnings.push_back(
        {"turned", "the body is turned a little; facing the camera makes the size surer"});
  if (seen.arms > kNoticeableArms)
    advice.warnings.push_back(
        {"arms_close",
         "the arms touch the torso; holding them away from the body makes the size surer"});
  if (std::abs(seen.tilt_degrees) > kNoticeableTilt)
    advice.warnings.push_back({"tilted", "the camera is held far from level"});
}

}  // namespace

std::string_view name(Fit fit) {
  switch (fit) {
    case Fit::slim:
      return "slim";
    case Fit::regular:
      return "regular";
    case Fit::loose:
      return "loose";
  }
  return "regular";
}

std::optional<Fit> fit_named(std::string_view text) {
  for (const Fit fit : {Fit::slim, Fit::regular, Fit::loose})
    if (name(fit) == text) return fit;
  return std::nullopt;
}

SizeAdvice choose_size(const Measurements& body, Fit fit, const SizeChart& chart) {
  SizeAdvice advice;
  advice.measurements = body;
  advice.body_type = body_type(body);
  advice.chart = chart.name;
  const auto all = probabilities(body[chart.primary], fit, chart, chart.primary);
  for (std::size_t i = 0; i < all.size(); ++i)
    advice.options.push_back({chart.sizes[i].label, all[i]});
  const std::size_t best = likeliest(all);
  advice.size = advice.options[best].label;
  advice.confidence = advice.options[best].probability;
  if (best > 0) advice.smaller = advice.options[best - 1];
  if (best + 1 < all.size()) advice.larger = advice.options[best + 1];
  warn_about_chart(advice, fit, chart);
  return advice;
}

Result<SizeAdvice> advise(const Pose& pose, const Wearer& wearer, const SizeChart& chart) {
  if (!(wearer.height_cm >= kLeastHeightCm && wearer.height_cm <= kMostHeightCm))
    return fail(ErrorKind::invalid, "sizing.height_invalid",
                fmt::format("the height must be from {} to {} cm", kLeastHeightCm, kMostHeightCm),
                "give the height in centimetres, for example 172");
  const Silhouette silhouette = TRY(judge(pose));
  SizeAdvice advice =
      choose_size(measure(silhouette, wearer.height_cm, wearer.sex), wearer.fit, chart);
  warn_about_photo(advice, silhouette.obstacles);
  advice.lines = silhouette.lines;
  return advice;
}

}  // namespace selvage::sizing
