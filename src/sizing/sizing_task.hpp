// SizingTask v1, the message on wearon:tasks:sizing:
//
//   {"version": 1, "task_id": "...", "channel"?: "b2b", "store_id" | "user_id"?: "...",
//    "image_url": "https://...", "height_cm": 172, "sex"?, "fit"?, "chart"?, "include"?,
//    "traceparent"?, "tracestate"?}
//
// The answer is kept under its task_id: GET /v1/size-estimates/{task_id}. Our own API sends it, and
// so may who pushes to the queue.
#pragma once

#include <string>
#include <string_view>

#include "base/trace.hpp"
#include "sizing/size_request.hpp"
#include "work/queue_form.hpp"

namespace selvage::sizing {

inline constexpr std::string_view kSizingQueue = "wearon:tasks:sizing";
[[nodiscard]] work::QueueForm sizing_queue_form();

struct SizingTask {
  std::string task_id;
  std::string channel;   // "b2b", "b2c"; empty: nobody's
  std::string owner_id;  // of the store or user
  SizeRequest request;
  TraceContext trace;  // members traceparent and tracestate; not valid() without

  // "b2b:store-1"; empty: nobody.
  [[nodiscard]] std::string owner() const;
  [[nodiscard]] std::string to_json() const;
  // Errors: json.*, task.malformed (invalid), sizing.chart_invalid.
  [[nodiscard]] static Result<SizingTask> parse(std::string_view json);
  // Whose a message is that parse() refuses, so that its owner hears of it; nothing when it does
  // not say it in good form.
  [[nodiscard]] static std::optional<std::string> salvage_owner(std::string_view json);
};

}  // namespace selvage::sizing
