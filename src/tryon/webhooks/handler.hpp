// WebhookHandler: sends deliveries to their endpoints and notes what came of it.
//
// One attempt a task: POST through the egress guard, 2xx within the time limit is delivered. What
// failed is tried again by kWebhookRetries over about a day, then it is a dead letter. 410 Gone
// disables the endpoint; so does failing for kGivenUpAfter without a break. An endpoint never gets
// more than kPerEndpoint at once from a process, and one that nobody answers at rests for a growing
// while: its messages wait in the queue, not in a worker's places, so it starves nobody else.
#pragma once

#include <memory>

#include "base/metrics.hpp"
#include "data/object_storage.hpp"
#include "net/egress_guard.hpp"
#include "tryon/webhooks/delivery.hpp"
#include "work/handler.hpp"
#include "work/retry_policy.hpp"

namespace selvage::tryon {

inline constexpr std::size_t kPerEndpoint = 4;
inline constexpr std::chrono::hours kGivenUpAfter{5 * 24};

struct WebhookOptions {
  std::string base_url;               // before "/v1/jobs/...": links are relative when it is empty
  seconds result_lifetime{6 * 3600};  // of the signed link in the message
  milliseconds timeout{10'000};       // of one attempt
  milliseconds first_wait{5'000};     // before the second attempt; later ones grow from it
};

// The table of retries with this first wait.
[[nodiscard]] std::vector<work::RetryRule> webhook_retries(milliseconds first_wait);

struct WebhookParts {
  data::Database& database;
  data::ObjectStorage& storage;
  net::EgressGuard& guard;  // one that fetches of pictures do not share
  Registry& metrics;
};

// Belongs to one loop. All parts outlive it.
class WebhookHandler final : public work::JobHandler {
 public:
  WebhookHandler(WebhookParts parts, WebhookOptions options);
  ~WebhookHandler() override;
  Task<work::Outcome> handle(work::JobContext job) override;
  Task<void> give_up(work::JobContext job, std::string reason) override;
  std::string name() const override { return "webhook"; }
  TraceContext trace_parent(const work::Lease& lease) const override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// WEBHOOK_CONCURRENCY, WEBHOOK_TIMEOUT, WEBHOOK_FIRST_RETRY, WEBHOOK_RETENTION.
extern const SettingSection kWebhookSettings;

}  // namespace selvage::tryon
