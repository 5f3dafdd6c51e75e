#include "celery/detail/control_methods.hpp"

#include <boost/json.hpp>

#include "celery/detail/json_text.hpp"

namespace selvage::celery {

namespace {

constexpr std::size_t kMaxIds = 10'000;

struct Row {
  std::string_view name;
  ControlMethod run;
};

// The names of Celery's own panel; dump_* are their old names.
constexpr Row kMethods[] = {
    {"ping", inspect_ping},
    {"active", inspect_active},
    {"dump_active", inspect_active},
    {"reserved", inspect_reserved},
    {"dump_reserved", inspect_reserved},
    {"scheduled", inspect_scheduled},
    {"dump_schedule", inspect_scheduled},
    {"revoked", inspect_revoked},
    {"dump_revoked", inspect_revoked},
    {"registered", inspect_registered},
    {"dump_tasks", inspect_registered},
    {"stats", inspect_stats},
    {"active_queues", inspect_active_queues},
    {"query_task", inspect_query_task},
    {"conf", inspect_conf},
    {"dump_conf", inspect_conf},
    {"report", inspect_report},
    {"clock", inspect_clock},
    {"hello", inspect_hello},
    {"revoke", control_revoke},
    {"terminate", control_terminate},
    {"time_limit", control_time_limit},
    {"rate_limit", control_rate_limit},
    {"pool_grow", control_pool_grow},
    {"pool_shrink", control_pool_shrink},
    {"add_consumer", control_add_consumer},
    {"cancel_consumer", control_cancel_consumer},
    {"enable_events", control_enable_events},
    {"disable_events", control_disable_events},
    {"heartbeat", control_heartbeat},
    {"shutdown", control_shutdown},
};

}  // namespace

ControlMethod find_method(std::string_view name) {
  for (const Row& row : kMethods) {
    if (row.name == name) return row.run;
  }
  return nullptr;
}

std::string ok_answer(std::string_view text) {
  JsonObject answer;
  answer.text("ok", text);
  return answer.take();
}

std::string error_answer(std::string_view text) {
  JsonObject answer;
  answer.text("error", text);
  return answer.take();
}

std::string text_argument(const json::object& arguments, std::string_view name) {
  const json::value* found = arguments.if_contains(name);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

std::vector<std::string> ids_argument(const json::object& arguments, std::string_view name) {
  std::vector<std::string> ids;
  const json::value* found = arguments.if_contains(name);
  if (found == nullptr) return ids;
  const auto add = [&ids](const json::value& id) {
    if (!id.is_string() || ids.size() >= kMaxIds) return;
    const std::string_view text = id.get_string();
    if (!text.empty() && text.size() <= kMaxTaskName) ids.emplace_back(text);
  };
  if (const json::array* list = found->if_array()) {
    for (const json::value& id : *list) add(id);
  } else {
    add(*found);
  }
  return ids;
}

}  // namespace selvage::celery
