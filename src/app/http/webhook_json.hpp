// Webhooks and their deliveries as the JSON of the API. Include <boost/json.hpp> in the .cpp.
#pragma once

#include "base/json.hpp"
#include "tryon/webhooks/delivery.hpp"

namespace selvage::app {

// With its secret only where it is shown the one time: at its creation and its rotation.
[[nodiscard]] json::value webhook_json(const tryon::WebhookEndpoint& endpoint, bool with_secret);
[[nodiscard]] json::value delivery_json(const tryon::Delivery& delivery);

}  // namespace selvage::app
