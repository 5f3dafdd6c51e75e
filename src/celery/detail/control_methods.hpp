// The methods of remote control: one function each, found by name.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "celery/remote_control.hpp"

namespace selvage::celery {

// `arguments` is the JSON object the caller gave; it lives as long as the call. Answers the value
// to send back as JSON ("null" for none), or nullopt when nothing may be sent.
using ControlMethod = Task<std::optional<std::string>> (*)(ControlParts& parts,
                                                           const json::object& arguments);

// nullptr: there is none of that name.
[[nodiscard]] ControlMethod find_method(std::string_view name);

// What methods of both kinds use.
[[nodiscard]] std::string ok_answer(std::string_view text);
[[nodiscard]] std::string error_answer(std::string_view text);
[[nodiscard]] std::string text_argument(const json::object& arguments, std::string_view name);
// One id or a list of them; 10,000 at most.
[[nodiscard]] std::vector<std::string> ids_argument(const json::object& arguments,
                                                    std::string_view name);
// A running task as `inspect active` shows it.
[[nodiscard]] std::string request_info(const ControlParts& parts, const ActiveTask& task);

// inspect_methods.cpp
using MethodAnswer = std::optional<std::string>;
[[nodiscard]] Task<MethodAnswer> inspect_ping(ControlParts&, const json::object&);
[[nodiscard]] Task<MethodAnswer> inspect_active(ControlParts&, const json::object&);
[[nodiscard]] Task<MethodAnswer> inspect_reserved(ControlParts&, const json::object&);
[[nodiscard]] Task<MethodAnswer> inspect_scheduled(ControlParts&, const json::object&);
[[nodiscard]] Task<MethodAnswer> inspect_revoked(ControlParts&, const json::object&);
[[nodiscard]] Task<MethodAnswer> inspect_registered(ControlParts&, const json::object&);
[[nodiscard]] Task<MethodAnswer> inspect_stats(ControlParts&, const json::object&);
[[nodiscard]] Task<MethodAnswer> inspect_active_queues(ControlParts&, const json::object&);
[[nodiscard]] Task<MethodAnswer> inspect_query_task(ControlParts&, const json::object&);
[[nodiscard]] Task<MethodAnswer> inspect_conf(ControlParts&, const json::object&);
[[nodiscard]] Task<MethodAnswer> inspect_report(ControlParts&, const json::object&);
[[nodiscard]] Task<MethodAnswer> inspect_clock(ControlParts&, const json::object&);
[[nodiscard]] Task<MethodAnswer> inspect_hello(ControlParts&, const json::object&);

// command_methods.cpp
[[nodiscard]] Task<MethodAnswer> control_revoke(ControlParts&, const json::object&);
[[nodiscard]] Task<MethodAnswer> control_terminate(ControlParts&, const json::object&);
[[nodiscard]] Task<MethodAnswer> control_time_limit(ControlParts&, const json::object&);
[[nodiscard]] Task<MethodAnswer> control_rate_limit(ControlParts&, const json::object&);
[[nodiscard]] Task<MethodAnswer> control_pool_grow(ControlParts&, const json::object&);
[[nodiscard]] Task<MethodAnswer> control_pool_shrink(ControlParts&, const json::object&);
[[nodiscard]] Task<MethodAnswer> control_add_consumer(ControlParts&, const json::object&);
[[nodiscard]] Task<MethodAnswer> control_cancel_consumer(ControlParts&, const json::object&);
[[nodiscard]] Task<MethodAnswer> control_enable_events(ControlParts&, const json::object&);
[[nodiscard]] Task<MethodAnswer> control_disable_events(ControlParts&, const json::object&);
[[nodiscard]] Task<MethodAnswer> control_heartbeat(ControlParts&, const json::object&);
[[nodiscard]] Task<MethodAnswer> control_shutdown(ControlParts&, const json::object&);

}  // namespace selvage::celery
