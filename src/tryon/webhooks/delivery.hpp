// Deliveries: one row for each endpoint that is to hear of a job's end.
//
// The row is the truth and the task on kWebhookQueue its vehicle: the row is written, and the task
// queued, in the transaction that ends the job, so no crash loses one. A task that the queue had no
// room for, or lost, is queued again by requeue_deliveries(). A delivery's id is its webhook-id,
// the same at every attempt and replay, so receivers can drop what they know. Only the row's
// `task_id` may deliver it: a replay makes a new task and the old one, wherever it is, finds
// nothing to do.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/database.hpp"
#include "tryon/session.hpp"
#include "tryon/webhooks/endpoint.hpp"
#include "work/broker.hpp"
#include "work/queue_form.hpp"

namespace selvage::tryon {

inline constexpr std::string_view kWebhookQueue = "wearon:tasks:webhooks";
// Its tasks name their endpoints, which take turns.
[[nodiscard]] work::QueueForm webhook_queue_form();

enum class DeliveryState { pending, delivered, failed };
[[nodiscard]] std::string_view name(DeliveryState state);
[[nodiscard]] std::optional<DeliveryState> parse_delivery_state(std::string_view text);

struct Delivery {
  std::string id;
  std::string endpoint_id;
  Owner owner;
  std::string event;
  std::string session_id;
  std::string task_id;
  DeliveryState state = DeliveryState::pending;
  int attempts = 0;                         // since it was made or replayed
  std::optional<std::int64_t> last_status;  // what the endpoint answered last
  std::optional<std::string> last_error;
  Timestamp round_at;  // when it was made or replayed
  std::optional<Timestamp> last_attempt_at;
  std::optional<Timestamp> next_attempt_at;
  Timestamp created_at;
  Timestamp updated_at;
};

// "job.completed", "job.cancelled" or "job.failed". REQUIRES: the session is terminal.
[[nodiscard]] std::string_view event_of(const Session& ended);

// Makes the deliveries of a job's end and queues them, as a part of the caller's transaction; how
// many. A full queue does not fail it: the job's end must not hang on anybody's webhooks. `trace`
// is of what ended the job; the first task of each delivery belongs to it.
[[nodiscard]] Result<std::size_t> announce_end(data::Transaction& tx, work::Broker& broker,
                                               const Session& ended,
                                               const TraceContext& trace = {});

[[nodiscard]] Result<std::optional<Delivery>> find_delivery(data::Transaction& tx,
                                                            const std::string& id);
struct DeliveryFilter {
  std::optional<Owner> owner;
  std::optional<std::string> endpoint_id;
  std::optional<std::string> session_id;
  std::optional<DeliveryState> state;
  std::optional<std::string> before_id;  // the last of the page before
};
// Newest first, at most `limit` (kMaxPage).
[[nodiscard]] Result<std::vector<Delivery>> list_deliveries(data::Transaction& tx,
                                                            const DeliveryFilter& filter,
                                                            std::size_t limit);

// What one attempt came to.
struct Attempt {
  bool delivered = false;
  std::optional<std::int64_t> status;
  std::string error;                         // empty when delivered
  bool nobody_there = false;                 // time-out, no connection, 5xx, 429: the endpoint's
                                             // trouble, not this message's
  std::optional<Timestamp> next_attempt_at;  // none: it was the last
  std::optional<Timestamp> endpoint_rests_until;
  std::optional<std::string> disable_reason;  // the endpoint wants no more of any
};
// Notes it on the delivery and its endpoint. False when `task_id` is not the delivery's any more,
// or it was delivered before.
[[nodiscard]] Result<bool> record_attempt(data::Transaction& tx, const Delivery& delivery,
                                          const Attempt& attempt);

// Sends it once more, whatever became of it, as a new task. False: its endpoint is gone or
// disabled.
[[nodiscard]] Result<bool> replay_delivery(data::Transaction& tx, work::Broker& broker,
                                           const Delivery& delivery);

// Queues again what is overdue by `overdue` and in no queue. How many.
[[nodiscard]] Task<Result<std::size_t>> requeue_deliveries(data::Database& database,
                                                           work::Broker& broker,
                                                           milliseconds overdue);
// Forgets what ended longer than `retention` ago. How many.
[[nodiscard]] Task<Result<std::size_t>> forget_deliveries(data::Database& database,
                                                          milliseconds retention);

}  // namespace selvage::tryon
