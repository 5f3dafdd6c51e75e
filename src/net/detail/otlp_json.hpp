// Spans as an ExportTraceServiceRequest in OTLP's JSON encoding: ids in hex (not base64, unlike
// other Protobuf JSON), times and integers as text, kinds as numbers.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/trace.hpp"

namespace selvage::net::detail {

[[nodiscard]] std::string otlp_request(
    const std::vector<std::pair<std::string, std::string>>& resource,
    std::span<const FinishedSpan> spans);

struct Rejected {
  std::int64_t spans = 0;
  std::string message;
};
// What an ExportTraceServiceResponse says was not taken. A body that is none rejects nothing.
[[nodiscard]] Rejected read_otlp_response(std::string_view body);

}  // namespace selvage::net::detail
