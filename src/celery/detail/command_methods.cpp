// What `celery control` orders.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>

#include "base/log.hpp"
#include "base/text.hpp"
#include "celery/detail/control_methods.hpp"

namespace selvage::celery {

namespace {

constexpr std::size_t kMaxQueueName = 180;

std::optional<milliseconds> seconds_argument(const json::object& arguments, std::string_view name) {
  const json::value* found = arguments.if_contains(name);
  if (found == nullptr || !found->is_number()) return std::nullopt;
  const double seconds = found->to_number<double>();
  if (!(seconds > 0 && seconds < 1e8)) return std::nullopt;
  return milliseconds(static_cast<std::int64_t>(std::ceil(seconds * 1000)));
}

int count_argument(const json::object& arguments) {
  const json::value* found = arguments.if_contains("n");
  if (found == nullptr || !found->is_int64()) return 1;
  return static_cast<int>(std::clamp<std::int64_t>(found->get_int64(), 0, 100'000));
}

MethodAnswer answer_of(const Result<void>& done, std::string_view text) {
  if (done) return ok_answer(text);
  return error_answer(done.error().message);
}

Task<MethodAnswer> revoke(ControlParts& parts, std::vector<std::string> ids, bool terminate) {
  co_await parts.revoked.add(ids);
  if (!terminate) {
    co_return ok_answer(fmt::format("tasks {} flagged as revoked", join(ids, ", ")));
  }
  // copied: a stopped task may end at once and leave the list
  std::vector<std::pair<std::string, ActiveTask*>> running;
  for (const std::string& id : ids) {
    const auto [first, last] = parts.node.active().equal_range(id);
    for (auto task = first; task != last; ++task) running.emplace_back(id, task->second);
  }
  if (running.empty()) co_return ok_answer("terminate: tasks unknown");
  std::vector<std::string> stopped;
  for (const auto& [id, task] : running) {
    const auto [first, last] = parts.node.active().equal_range(id);
    const bool still_there = std::any_of(
        first, last, [&, wanted = task](const auto& entry) { return entry.second == wanted; });
    if (!still_there) continue;
    task->stop_for(StopCause::revoked);
    stopped.push_back(id);
  }
  co_return ok_answer("terminate: " + join(stopped, ", "));
}

}  // namespace

Task<MethodAnswer> control_revoke(ControlParts& parts, const json::object& arguments) {
  const json::value* terminate = arguments.if_contains("terminate");
  const bool wanted = terminate != nullptr && terminate->is_bool() && terminate->get_bool();
  co_return co_await revoke(parts, ids_argument(arguments, "task_id"), wanted);
}

Task<MethodAnswer> control_terminate(ControlParts& parts, const json::object& arguments) {
  co_return co_await revoke(parts, ids_argument(arguments, "task_id"), true);
}

Task<MethodAnswer> control_time_limit(ControlParts& parts, const json::object& arguments) {
  const std::string task = text_argument(arguments, "task_name");
  if (parts.functions.find(task) == nullptr) co_return error_answer("unknown task");
  parts.node.limits[task] = {.hard = seconds_argument(arguments, "hard"),
                             .soft = seconds_argument(arguments, "soft")};
  co_return ok_answer("time limits set successfully");
}

Task<MethodAnswer> control_rate_limit(ControlParts& parts, const json::object& arguments) {
  if (parts.functions.find(text_argument(arguments, "task_name")) == nullptr) {
    co_return error_answer("unknown task");
  }
  co_return error_answer(
      "selvage has no rate limit by task name: bound the tasks at once with CELERY_CONCURRENCY, "
      "or let the service behind the task answer 429 with Retry-After");
}

Task<MethodAnswer> control_pool_grow(ControlParts& parts, const json::object& arguments) {
  co_return answer_of(parts.actions.grow(count_argument(arguments)), "pool will grow");
}

Task<MethodAnswer> control_pool_shrink(ControlParts& parts, const json::object& arguments) {
  co_return answer_of(parts.actions.grow(-count_argument(arguments)), "pool will shrink");
}

Task<MethodAnswer> control_add_consumer(ControlParts& parts, const json::object& arguments) {
  const std::string queue = text_argument(arguments, "queue");
  if (queue.empty() || queue.size() > kMaxQueueName) co_return error_answer("which queue?");
  co_return answer_of(parts.actions.consume(queue), "add consumer " + queue);
}

Task<MethodAnswer> control_cancel_consumer(ControlParts& parts, const json::object& arguments) {
  const std::string queue = text_argument(arguments, "queue");
  co_return answer_of(parts.actions.stop_consuming(queue), "no longer consuming from " + queue);
}

Task<MethodAnswer> control_enable_events(ControlParts& parts, const json::object&) {
  const bool were = std::exchange(parts.node.task_events, true);
  co_return ok_answer(were ? "task events already enabled" : "task events enabled");
}

Task<MethodAnswer> control_disable_events(ControlParts& parts, const json::object&) {
  const bool were = std::exchange(parts.node.task_events, false);
  co_return ok_answer(were ? "task events disabled" : "task events already disabled");
}

Task<MethodAnswer> control_heartbeat(ControlParts& parts, const json::object&) {
  parts.events.beat();
  co_return "null";
}

Task<MethodAnswer> control_shutdown(ControlParts& parts, const json::object&) {
  log::warning("celery_shutdown", {{"by", "remote control"}});
  parts.actions.shut_down();
  co_return std::nullopt;
}

}  // namespace selvage::celery
