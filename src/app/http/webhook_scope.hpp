// Whose webhooks and deliveries a principal may see and change: its owner's, an admin all.
#pragma once

#include "app/http/access.hpp"
#include "tryon/webhooks/delivery.hpp"

namespace selvage::app {

// Errors: webhook.not_found, also for another owner's.
[[nodiscard]] Result<tryon::WebhookEndpoint> visible_endpoint(data::Transaction& tx,
                                                              const std::string& id,
                                                              const Principal& principal);
// Errors: delivery.not_found, also for another owner's.
[[nodiscard]] Result<tryon::Delivery> visible_delivery(data::Transaction& tx, const std::string& id,
                                                       const Principal& principal);

}  // namespace selvage::app
