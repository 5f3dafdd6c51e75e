// A size as clients read it: the JSON that POST /estimate-body, sizing tasks and Celery answer.
#pragma once

#include <string>

#include "sizing/pose.hpp"
#include "sizing/size_request.hpp"

namespace selvage::sizing {

// Changes when the same photo may get another answer: clients that keep answers compare it.
inline constexpr std::string_view kMethodVersion = "1";

// {recommended_size, confidence, body_type, measurements: {chest: {cm, uncertainty_cm}, ...},
//  sizes: [{size, probability}], neighbours: {smaller, larger}, chart, warnings: [{code, message}],
//  method_version}, and when the request asks for it pose: {image_width, image_height, landmarks,
// lines} in pixels of the upright picture.
[[nodiscard]] std::string answer_json(const SizeAdvice& advice, const SizeRequest& request,
                                      const SizeChart& chart, const Pose& pose);

}  // namespace selvage::sizing
