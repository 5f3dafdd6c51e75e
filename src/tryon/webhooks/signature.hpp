// The signature of a webhook, by the Standard Webhooks specification 1.0.0: HMAC-SHA256 over
// "<webhook-id>.<webhook-timestamp>.<body>", keyed with the bytes behind "whsec_", as standard
// base64. Any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "net/http_message.hpp"

namespace selvage::tryon {

// The three headers of a message sent at `time`, with a signature by each of `secrets`.
// REQUIRES: every secret is "whsec_" and base64.
[[nodiscard]] net::Headers webhook_headers(std::string_view message_id, Timestamp time,
                                           std::string_view body,
                                           std::span<const std::string_view> secrets);

}  // namespace selvage::tryon
