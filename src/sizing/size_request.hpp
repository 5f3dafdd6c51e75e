// What somebody wants to know: whose photo, how tall, which chart. One form for the HTTP API, the
// queue and Celery.
#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "sizing/size_advice.hpp"
#include "sizing/size_chart.hpp"

namespace selvage::sizing {

inline constexpr std::size_t kLongestImageUrl = 2048;

// The chart id that means EN 13402-3, also for a store that has a usual chart of its own.
inline constexpr std::string_view kStandardChart = "standard";

struct SizeRequest {
  std::string image_url;  // empty when the photo came with the request
  Wearer wearer;
  std::string chart_id;            // of the owner's charts; empty: its usual one, else EN 13402-3
  std::optional<SizeChart> chart;  // given in full; then chart_id is empty
  bool include_pose = false;       // the answer gets landmarks and measuring lines
};

// {image_url, height_cm, sex?, fit?, chart?: id or document, include?: "pose"}. Every problem is in
// the error. `has_photo`: image_url must be absent instead of present. Errors: json.invalid,
// sizing.chart_invalid (invalid).
[[nodiscard]] Result<SizeRequest> parse_size_request(const boost::json::value& body,
                                                     bool has_photo);
// The same members again, as one line of JSON; what is usual is left out.
[[nodiscard]] std::string to_json(const SizeRequest& request);

}  // namespace selvage::sizing
