#include "app/http/webhook_scope.hpp"

#include "base/text.hpp"

namespace selvage::app {

namespace {

bool may_see(const Principal& principal, const tryon::Owner& owner) {
  return principal.admin || (principal.owner && *principal.owner == owner);
}

}  // namespace

Result<tryon::WebhookEndpoint> visible_endpoint(data::Transaction& tx, const std::string& id,
                                                const Principal& principal) {
  auto found = TRY(tryon::find_endpoint(tx, id));
  if (found && may_see(principal, found->owner)) return std::move(*found);
  return fail(ErrorKind::not_found, "webhook.not_found",
              fmt::format("there is no webhook {}", in_quotes(id)), "list them: GET /v1/webhooks");
}

Result<tryon::Delivery> visible_delivery(data::Transaction& tx, const std::string& id,
                                         const Principal& principal) {
  auto found = TRY(tryon::find_delivery(tx, id));
  if (found && may_see(principal, found->owner)) return std::move(*found);
  return fail(ErrorKind::not_found, "delivery.not_found",
              fmt::format("there is no delivery {}", in_quotes(id)),
              "list them: GET /v1/webhooks/deliveries");
}

}  // namespace selvage::app
