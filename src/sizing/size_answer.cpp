#include "sizing/size_answer.hpp"

#include <boost/json.hpp>
#include <cmath>

#include "base/json.hpp"

namespace selvage::sizing {
namespace {

// Digits beyond what the numbers are good for only look precise.
double to_tenth(double x) { return std::round(x * 10) / 10; }
double to_thousandth(double x) { return std::round(x * 1000) / 1000; }

json::object measurements_json(const Measurements& body) {
  json::object all;
  for (const Measure m : kMeasures) {
    all[name(m)] =
        json::object{{"cm", to_tenth(body[m].cm)}, {"uncertainty_cm", to_tenth(body[m].sd)}};
  }
  return all;
}

json::value option_json(const std::optional<SizeOption>& option) {
  if (!option) return nullptr;
  return json::object{{"size", option->label}, {"probability", to_thousandth(option->probability)}};
}

json::array warnings_json(const SizeAdvice& advice, const SizeRequest& request,
                          const SizeChart& chart) {
  json::array warnings;
  for (const Warning& warning : advice.warnings) {
    warnings.push_back(json::object{{"code", warning.code}, {"message", warning.message}});
  }
  if (chart.sex && request.wearer.sex && *chart.sex != *request.wearer.sex) {
    warnings.push_back(json::object{{"code", "chart_of_other_sex"},
                                    {"message", "the size chart is made for the other sex"}});
  }
  return warnings;
}

json::object pose_json(const Pose& pose, const SizeAdvice& advice) {
  json::array landmarks;
  for (std::size_t i = 0; i < kLandmarks; ++i) {
    const Landmark& mark = pose.landmarks[i];
    landmarks.push_back(json::object{{"name", name(static_cast<LandmarkId>(i))},
                                     {"x", to_tenth(mark.x)},
                                     {"y", to_tenth(mark.y)},
                                     {"visibility", to_thousandth(mark.visibility)},
                                     {"presence", to_thousandth(mark.presence)}});
  }
  json::array lines;
  for (const MeasuringLine& line : advice.lines) {
    lines.push_back(json::object{{"name", line.name},
                                 {"x0", to_tenth(line.x0)},
                                 {"y0", to_tenth(line.y0)},
                                 {"x1", to_tenth(line.x1)},
                                 {"y1", to_tenth(line.y1)}});
  }
  return {{"image_width", pose.image_width},
          {"image_height", pose.image_height},
          {"score", to_thousandth(pose.pose_score)},
          {"landmarks", std::move(landmarks)},
          {"lines", std::move(lines)}};
}

}  // namespace

std::string answer_json(const SizeAdvice& advice, const SizeRequest& request,
                        const SizeChart& chart, const Pose& pose) {
  json::array sizes;
  for (const SizeOption& option : advice.options) sizes.push_back(option_json(option));
  json::object answer{
      {"recommended_size", advice.size},
      {"confidence", to_thousandth(advice.confidence)},
      {"body_type", name(advice.body_type)},
      {"measurements", measurements_json(advice.measurements)},
      {"neighbours", json::object{{"smaller", option_json(advice.smaller)},
                                  {"larger", option_json(advice.larger)}}},
      {"sizes", std::move(sizes)},
      {"chart", json::object{{"name", advice.chart}, {"measure", name(chart.primary)}}},
      {"fit", name(request.wearer.fit)},
      {"warnings", warnings_json(advice, request, chart)},
      {"method_version", kMethodVersion}};
  if (request.include_pose) answer["pose"] = pose_json(pose, advice);
  return json::dump(answer);
}

}  // namespace selvage::sizing
