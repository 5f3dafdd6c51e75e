// What operators ask of a queue on Redis: its tasks one by one. Reads in pieces, so the server is
// never kept; a task that moves meanwhile may be missed or seen twice. On the home loop only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "work/broker.hpp"
#include "work/detail/redis_calls.hpp"

namespace selvage::work {

// By id, those after `after_id`; `state` empty: all. REQUIRES: a state there is.
[[nodiscard]] Task<Result<std::vector<TaskView>>> list_redis_tasks(RedisCalls& calls,
                                                                   std::string state,
                                                                   std::size_t limit,
                                                                   std::string after_id);
// As Broker::soonest().
[[nodiscard]] Task<Result<SoonestTasks>> soonest_redis_tasks(RedisCalls& calls, std::size_t limit);
[[nodiscard]] Task<Result<std::optional<TaskView>>> find_redis_task(RedisCalls& calls,
                                                                    std::string id);
// Of `ids`, those that wait or are held. First the raw list, then the ids that are known: a task
// goes this way, never back.
[[nodiscard]] Task<Result<std::vector<std::string>>> alive_redis_tasks(
    RedisCalls& calls, std::vector<std::string> ids);

}  // namespace selvage::work
