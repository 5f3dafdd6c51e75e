// The wrapping that kombu puts around everything it sends: events, control requests and their
// answers look like task messages with other headers.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/json.hpp"

namespace selvage::celery {

struct EnvelopeAddress {
  std::string_view exchange;
  std::string_view routing_key;
};

// `body` and `headers` are JSON text; not durable.
[[nodiscard]] std::string make_envelope(std::string_view body, std::string_view headers,
                                        EnvelopeAddress to);

// What came on a channel: {"headers": {...}, "body": ...}. Errors: celery.malformed,
// celery.too_large.
[[nodiscard]] Result<json::value> read_envelope(std::string_view text);

}  // namespace selvage::celery
