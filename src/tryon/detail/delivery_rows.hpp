// How a Delivery lies in its table, and in the task that carries it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tryon/webhooks/delivery.hpp"

namespace selvage::tryon::detail {

// A task's payload, {task_id, endpoint_id, delivery_id, traceparent?, tracestate?}, and the
// delivery's id back; nullopt for what is none.
[[nodiscard]] std::string delivery_payload(const Delivery& delivery, const TraceContext& trace);
[[nodiscard]] std::optional<std::string> read_delivery_payload(std::string_view payload);
// The trace it names, if any.
[[nodiscard]] TraceContext read_delivery_trace(std::string_view payload);

// A new task for a delivery whose old one is nowhere. False when it has moved meanwhile.
[[nodiscard]] Result<bool> requeue_delivery(data::Transaction& tx, work::Broker& broker,
                                            const Delivery& overdue);

}  // namespace selvage::tryon::detail
