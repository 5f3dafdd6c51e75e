// What any broker asks of a task before it takes it.
#pragma once

#include "work/broker.hpp"

namespace selvage::work {

// Errors: queue.name, queue.priority (invalid), queue.payload_too_large.
[[nodiscard]] Result<void> check_new_task(const NewTask& task);
[[nodiscard]] Result<void> check_queue_name(std::string_view name);
[[nodiscard]] std::unexpected<Error> duplicate(const NewTask& task);
// What is kept of a reason: at most 2000 bytes, cut between characters.
[[nodiscard]] std::string cut_reason(std::string reason);

}  // namespace selvage::work
