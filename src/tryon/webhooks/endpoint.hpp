// Webhook endpoints: the URLs where an owner wants to hear how its jobs end.
//
// An endpoint has a secret that signs what is sent to it, by the Standard Webhooks scheme. After a
// rotation the old secret signs too for kOldSecretLife, so that receivers can change over in peace.
// Plain functions over a transaction; in them an endpoint belongs to its owner: another owner's
// does not exist.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"
#include "data/database.hpp"
#include "tryon/generation_task.hpp"

namespace selvage::tryon {

inline constexpr std::size_t kMaxEndpoints = 16;  // of one owner
inline constexpr std::chrono::hours kOldSecretLife{24};

// A job that was cancelled has failed; its event says which of the two it was.
inline constexpr std::array<std::string_view, 3> kWebhookEvents{"job.completed", "job.failed",
                                                                "job.cancelled"};

struct WebhookEndpoint {
  std::string id;
  Owner owner;
  std::string url;
  std::vector<std::string> events;  // of kWebhookEvents, in their order
  Secret secret;                    // "whsec_..."
  std::optional<Secret> old_secret;
  std::optional<Timestamp> old_secret_until;
  std::optional<std::string> disabled_reason;  // nothing is sent while it is set
  int failures = 0;                            // attempts in a row that reached nobody
  std::optional<Timestamp> failing_since;
  std::optional<Timestamp> retry_at;  // until then nothing is tried
  Timestamp created_at;

  [[nodiscard]] bool wants(std::string_view event) const;
  // The secrets that sign at `time`, the newest first.
  [[nodiscard]] std::vector<std::string_view> signing_secrets(Timestamp time) const;
};

// All of kWebhookEvents when `names` is empty. Errors: webhook.events (invalid).
[[nodiscard]] Result<std::vector<std::string>> parse_events(const std::vector<std::string>& names);

// A new endpoint with a fresh secret. REQUIRES: the egress guard has judged `url`. Errors:
// webhook.too_many, webhook.duplicate (conflict: this URL is registered).
[[nodiscard]] Result<WebhookEndpoint> create_endpoint(data::Transaction& tx, const Owner& owner,
                                                      const std::string& url,
                                                      std::vector<std::string> events);
[[nodiscard]] Result<std::optional<WebhookEndpoint>> find_endpoint(data::Transaction& tx,
                                                                   const std::string& id);
// Oldest first, at most `limit`; of all owners without one.
[[nodiscard]] Result<std::vector<WebhookEndpoint>> list_endpoints(data::Transaction& tx,
                                                                  const std::optional<Owner>& owner,
                                                                  std::size_t limit);
// Those of `owner` that are enabled and want `event`.
[[nodiscard]] Result<std::vector<WebhookEndpoint>> endpoints_for(data::Transaction& tx,
                                                                 const Owner& owner,
                                                                 std::string_view event);
// A new secret; the present one stays good for kOldSecretLife. REQUIRES: it exists.
[[nodiscard]] Result<WebhookEndpoint> rotate_secret(data::Transaction& tx,
                                                    const WebhookEndpoint& endpoint);
// Ends the endpoint and what still waits for it. False when it is gone already.
[[nodiscard]] Result<bool> remove_endpoint(data::Transaction& tx, const std::string& id);
// Sets or lifts (nullopt) the reason why nothing is sent; lifting forgets its failures. False when
// there is no such endpoint.
[[nodiscard]] Result<bool> disable_endpoint(data::Transaction& tx, const std::string& id,
                                            std::optional<std::string> reason);

}  // namespace selvage::tryon
