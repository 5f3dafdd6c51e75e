// What operators ask of the table `tasks`. Plain functions over a transaction.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "work/broker.hpp"

namespace selvage::work {

inline constexpr std::size_t kMaxListed = 1000;

// Errors: queue.state (invalid) unless it is ready, delayed, leased, dead, or empty for all.
[[nodiscard]] Result<void> check_state(std::string_view state);

// A table expression over the JSON array of arrays in parameter $1. In both dialects its column is
// `value`, whose members are value->>0, value->>1, ...
[[nodiscard]] std::string_view json_rows(data::Dialect dialect);

// Ready and delayed ones, counted up to `up_to`.
[[nodiscard]] Result<std::int64_t> count_waiting(data::Transaction& tx, const std::string& queue,
                                                 std::int64_t up_to);
[[nodiscard]] Result<std::vector<QueueDepth>> queue_depths(data::Transaction& tx, Timestamp time);
// `state` empty: all; limit is capped at kMaxListed. Errors: queue.state for a name that is none.
[[nodiscard]] Result<std::vector<TaskView>> list_tasks(data::Transaction& tx,
                                                       const std::string& queue,
                                                       std::string_view state, std::size_t limit,
                                                       const std::string& after_id, Timestamp time);
// `limit` is capped at kMaxListed.
[[nodiscard]] Result<SoonestTasks> soonest_tasks(data::Transaction& tx, const std::string& queue,
                                                 std::size_t limit, Timestamp time);
[[nodiscard]] Result<std::optional<TaskView>> find_task(data::Transaction& tx,
                                                        const std::string& queue,
                                                        const std::string& id, Timestamp time);
[[nodiscard]] Result<std::vector<std::string>> alive_tasks(data::Transaction& tx,
                                                           const std::string& queue,
                                                           const std::vector<std::string>& ids);
[[nodiscard]] Result<void> set_paused(data::Transaction& tx, const std::string& queue, bool paused);
// When the queue's next task may be taken: due, or its lease lapsed. nullopt: never, as it is
// (empty, or paused).
[[nodiscard]] Result<std::optional<Timestamp>> next_due(data::Transaction& tx,
                                                        const std::string& queue);

}  // namespace selvage::work
