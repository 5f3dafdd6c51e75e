#include "tryon/webhooks/delivery.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/id.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "tryon/detail/delivery_rows.hpp"

namespace selvage::tryon {
namespace {

work::NewTask task_of(const Delivery& delivery, const TraceContext& trace = {}) {
  return {.id = delivery.task_id,
          .queue = std::string(kWebhookQueue),
          .payload = detail::delivery_payload(delivery, trace),
          .priority = 0,
          .run_at = std::nullopt,
          .fair_key = delivery.endpoint_id};
}

Result<void> insert_delivery(data::Transaction& tx, const Delivery& delivery) {
  TRY(
      tx.execute("INSERT INTO webhook_deliveries (id, endpoint_id, channel, owner, event, "
                 "session_id, task_id, state, round_at, next_attempt_at, created_at, updated_at) "
                 "VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', $8, $8, $8, $8)",
                 {delivery.id, delivery.endpoint_id, std::string(name(delivery.owner.channel)),
                  delivery.owner.id, delivery.event, delivery.session_id, delivery.task_id,
                  data::sql(delivery.created_at)}));
  return {};
}

// Only when it moved: the row of an endpoint that works is not written at each delivery.
Result<void> note_reached(data::Transaction& tx, const std::string& endpoint_id) {
  TRY(
      tx.execute("UPDATE webhook_endpoints SET failures = 0, failing_since = NULL, "
                 "retry_at = NULL WHERE id = $1 AND failures > 0",
                 {endpoint_id}));
  return {};
}

Result<void> note_not_reached(data::Transaction& tx, const std::string& endpoint_id,
                              const Attempt& attempt) {
  TRY(
      tx.execute("UPDATE webhook_endpoints SET failures = failures + 1, "
                 "failing_since = COALESCE(failing_since, $1), retry_at = $2 WHERE id = $3",
                 {data::sql(now()), data::sql(attempt.endpoint_rests_until), endpoint_id}));
  return {};
}

}  // namespace

work::QueueForm webhook_queue_form() {
  return {.queue = std::string(kWebhookQueue),
          .kind = work::QueueKind::fair,
          .id_member = "task_id",
          .key_members = {"endpoint_id"}};
}

std::string_view name(DeliveryState state) {
  switch (state) {
    case DeliveryState::pending:
      return "pending";
    case DeliveryState::delivered:
      return "delivered";
    case DeliveryState::failed:
      return "failed";
  }
  SELVAGE_CHECK(false);
}

std::optional<DeliveryState> parse_delivery_state(std::string_view text) {
  for (const DeliveryState state :
       {DeliveryState::pending, DeliveryState::delivered, DeliveryState::failed}) {
    if (name(state) == text) return state;
  }
  return std::nullopt;
}

std::string_view event_of(const Session& ended) {
  SELVAGE_CHECK(is_terminal(ended.status));
  if (ended.status == SessionStatus::completed) return "job.completed";
  return ended.error_code == kCancelledCode ? "job.cancelled" : "job.failed";
}

Result<std::size_t> announce_end(data::Transaction& tx, work::Broker& broker, const Session& ended,
                                 const TraceContext& trace) {
  const std::string_view event = event_of(ended);
  std::vector<work::NewTask> tasks;
  for (const WebhookEndpoint& endpoint : TRY(endpoints_for(tx, ended.owner, event))) {
    Delivery delivery;
    delivery.id = new_uuid();
    delivery.endpoint_id = endpoint.id;
    delivery.owner = ended.owner;
    delivery.event = event;
    delivery.session_id = ended.id;
    delivery.task_id = new_uuid();
    delivery.created_at = now();
    TRY(insert_delivery(tx, delivery));
    tasks.push_back(task_of(delivery, trace));
  }
  if (tasks.empty()) return 0;
  const Result<void> queued = broker.enqueue(tx, tasks);
  if (!queued && queued.error().code != "queue.full") return fail(queued.error());
  if (!queued) log::warning("webhook_not_queued", queued.error(), {{"session_id", ended.id}});
  return tasks.size();
}

Result<bool> record_attempt(data::Transaction& tx, const Delivery& delivery,
                            const Attempt& attempt) {
  const bool pending = !attempt.delivered && attempt.next_attempt_at.has_value();
  const DeliveryState state = attempt.delivered ? DeliveryState::delivered
                              : pending         ? DeliveryState::pending
                                                : DeliveryState::failed;
  const data::SqlValue status = attempt.status ? data::SqlValue(*attempt.status) : data::SqlValue();
  const std::optional<std::string> error =
      attempt.error.empty() ? std::nullopt : std::optional(mended_utf8(attempt.error));
  const std::int64_t noted = TRY(tx.execute(
      "UPDATE webhook_deliveries SET state = $1, attempts = attempts + 1, "
      "last_status = $2, last_error = $3, next_attempt_at = $4, last_attempt_at = $5, "
      "updated_at = $5 WHERE id = $6 AND task_id = $7 AND state <> 'delivered'",
      {std::string(name(state)), status, data::sql(error), data::sql(attempt.next_attempt_at),
       data::sql(now()), delivery.id, delivery.task_id}));
  if (attempt.nobody_there) {
    TRY(note_not_reached(tx, delivery.endpoint_id, attempt));
  } else {
    TRY(note_reached(tx, delivery.endpoint_id));
  }
  if (attempt.disable_reason) {
    TRY(disable_endpoint(tx, delivery.endpoint_id, attempt.disable_reason));
  }
  return noted == 1;
}

Result<bool> replay_delivery(data::Transaction& tx, work::Broker& broker,
                             const Delivery& delivery) {
  const std::optional<WebhookEndpoint> endpoint = TRY(find_endpoint(tx, delivery.endpoint_id));
  if (!endpoint || endpoint->disabled_reason) return false;
  Delivery again = delivery;
  again.task_id = new_uuid();
  const std::int64_t changed =
      TRY(tx.execute("UPDATE webhook_deliveries SET state = 'pending', attempts = 0, task_id = $1, "
                     "round_at = $2, next_attempt_at = $2, updated_at = $2 WHERE id = $3",
                     {again.task_id, data::sql(now()), again.id}));
  if (changed == 0) return false;
  const work::NewTask task = task_of(again);
  TRY(broker.enqueue(tx, {&task, 1}));
  return true;
}

namespace detail {

// A new vehicle for a delivery whose old one is nowhere. False when it has moved meanwhile.
Result<bool> requeue_delivery(data::Transaction& tx, work::Broker& broker,
                              const Delivery& overdue) {
  Delivery again = overdue;
  again.task_id = new_uuid();
  const std::int64_t changed =
      TRY(tx.execute("UPDATE webhook_deliveries SET task_id = $1, updated_at = $2 "
                     "WHERE id = $3 AND task_id = $4 AND state = 'pending'",
                     {again.task_id, data::sql(now()), again.id, overdue.task_id}));
  if (changed == 0) return false;
  const work::NewTask task = task_of(again);
  TRY(broker.enqueue(tx, {&task, 1}));
  return true;
}

}  // namespace detail
}  // namespace selvage::tryon
