#include "celery/message.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>
#include <limits>

#include "base/text.hpp"
#include "celery/detail/body.hpp"
#include "celery/detail/json_text.hpp"
#include "celery/detail/python_repr.hpp"

namespace selvage::celery {

namespace {

constexpr std::size_t kReprLimit = 1024;
constexpr double kMaxLimitSeconds = 366.0 * 86'400;

// The headers that parse_message() takes apart, and those that mean nothing outside Python.
constexpr std::string_view kKnownHeaders[] = {"lang",
                                              "task",
                                              "id",
                                              "shadow",
                                              "eta",
                                              "expires",
                                              "group",
                                              "group_index",
                                              "retries",
                                              "timelimit",
                                              "root_id",
                                              "parent_id",
                                              "argsrepr",
                                              "kwargsrepr",
                                              "origin",
                                              "ignore_result",
                                              "replaced_task_nesting",
                                              "stamped_headers",
                                              "stamps",
                                              "compression",
                                              "traceparent",
                                              "tracestate",
                                              "redelivered"};

std::unexpected<Error> malformed(std::string message) {
  return fail(ErrorKind::invalid, "celery.malformed", std::move(message),
              "compare the sender with Celery's message protocol, version 2");
}

const json::object* object_at(const json::object& from, std::string_view key) {
  const json::value* found = from.if_contains(key);
  return found == nullptr ? nullptr : found->if_object();
}

std::string text_at(const json::object& from, std::string_view key) {
  const json::value* found = from.if_contains(key);
  if (found == nullptr || !found->is_string()) return {};
  return std::string(found->get_string());
}

std::optional<std::int64_t> number_at(const json::object& from, std::string_view key) {
  const json::value* found = from.if_contains(key);
  if (found == nullptr || !found->is_int64()) return std::nullopt;
  return found->get_int64();
}

// A list or an object as JSON text; empty for null, absent, or without elements.
std::string steps_at(const json::object& from, std::string_view key) {
  const json::value* found = from.if_contains(key);
  if (found == nullptr) return {};
  const bool list = found->is_array() && !found->get_array().empty();
  const bool signature = found->is_object() && !found->get_object().empty();
  return list || signature ? boost::json::serialize(*found) : std::string();
}

Result<std::optional<Timestamp>> time_at(const json::object& from, std::string_view key) {
  const json::value* found = from.if_contains(key);
  if (found == nullptr || found->is_null()) return std::nullopt;
  if (!found->is_string()) return malformed(fmt::format("{} is not a time in ISO 8601", key));
  const std::string text(found->get_string());
  if (text.empty()) return std::nullopt;
  const auto time = parse_isoformat(text);
  if (!time) return malformed(fmt::format("{} {} is not a time", key, in_quotes(text)));
  return *time + milliseconds(text.contains('.') ? 1 : 0);  // cut to milliseconds, yet never early
}

std::optional<milliseconds> seconds_of(const json::value& v) {
  if (!v.is_number()) return std::nullopt;
  const double seconds = v.is_double()  ? v.get_double()
                         : v.is_int64() ? static_cast<double>(v.get_int64())
                                        : static_cast<double>(v.get_uint64());
  if (!(seconds > 0) || seconds > kMaxLimitSeconds) return std::nullopt;
  return milliseconds(static_cast<std::int64_t>(std::ceil(seconds * 1000)));
}

// The headers of protocol 2; protocol 1 has the same names in its body.
Result<void> read_headers(const json::object& headers, Message& message) {
  message.id = text_at(headers, "id");
  message.task = text_at(headers, "task");
  for (const std::string* name : {&message.id, &message.task}) {
    if (name->empty() || name->size() > kMaxTaskName || name->contains('\0')) {
      return malformed(fmt::format("the {} {} must have 1 to {} bytes",
                                   name == &message.id ? "id" : "task name", in_quotes(*name),
                                   kMaxTaskName));
    }
  }
  message.eta = TRY(time_at(headers, "eta"));
  message.expires = TRY(time_at(headers, "expires"));
  const std::int64_t retries = number_at(headers, "retries").value_or(0);
  message.retries = static_cast<int>(std::clamp<std::int64_t>(retries, 0, 1'000'000));
  if (const json::value* limits = headers.if_contains("timelimit");
      limits != nullptr && limits->is_array() && limits->get_array().size() == 2) {
    message.hard_limit = seconds_of(limits->get_array()[0]);
    message.soft_limit = seconds_of(limits->get_array()[1]);
  }
  const json::value* ignore = headers.if_contains("ignore_result");
  message.ignore_result = ignore != nullptr && ignore->is_bool() && ignore->get_bool();
  message.root_id = text_at(headers, "root_id");
  message.parent_id = text_at(headers, "parent_id");
  message.group = text_at(headers, "group");
  message.group_index = number_at(headers, "group_index");
  message.args_repr = text_at(headers, "argsrepr");
  message.kwargs_repr = text_at(headers, "kwargsrepr");
  message.traceparent = text_at(headers, "traceparent");
  message.tracestate = text_at(headers, "tracestate");
  return {};
}

void keep_other_headers(const json::object& headers, Message& message) {
  json::object others;
  for (const auto& [key, member] : headers) {
    if (std::ranges::find(kKnownHeaders, std::string_view(key)) == std::end(kKnownHeaders)) {
      others.emplace(key, member);
    }
  }
  if (!others.empty()) message.other_headers = boost::json::serialize(others);
}

void read_steps(const json::object& embed, Message& message) {
  message.then = {.callbacks = steps_at(embed, "callbacks"),
                  .errbacks = steps_at(embed, "errbacks"),
                  .chain = steps_at(embed, "chain"),
                  .chord = steps_at(embed, "chord")};
}

// Protocol 2: [args, kwargs, embed]. The texts of args and kwargs are taken as they are written.
Result<void> read_body(std::string_view body, Message& message) {
  const json::value tree = TRY(parse_json(body, "the body"));
  const json::array* parts = tree.if_array();
  if (parts == nullptr || parts->size() != 3 || !(*parts)[0].is_array() ||
      !(*parts)[1].is_object()) {
    return malformed("the body is not [args, kwargs, embed]");
  }
  const auto texts = elements_of(body);
  message.args = TRY(plain_values(texts[0]));
  message.kwargs = TRY(plain_values(texts[1]));
  if (const json::object* embed = (*parts)[2].if_object()) read_steps(*embed, message);
  return {};
}

// Protocol 1: all in one object.
Result<void> read_old_body(std::string_view body, Message& message) {
  const json::value tree = TRY(parse_json(body, "the body"));
  const json::object* all = tree.if_object();
  if (all == nullptr) return malformed("a message without headers must have an object as its body");
  TRY(read_headers(*all, message));
  message.protocol = 1;
  if (message.group.empty()) message.group = text_at(*all, "taskset");
  const json::value* args = all->if_contains("args");
  const json::value* kwargs = all->if_contains("kwargs");
  if (args != nullptr && !args->is_array()) return malformed("args is not a list");
  if (kwargs != nullptr && !kwargs->is_object()) return malformed("kwargs is not a mapping");
  message.args = args == nullptr ? "[]" : TRY(plain_values(boost::json::serialize(*args)));
  message.kwargs = kwargs == nullptr ? "{}" : TRY(plain_values(boost::json::serialize(*kwargs)));
  read_steps(*all, message);
  return {};
}

void read_properties(const json::object& properties, Message& message) {
  message.delivery_tag = text_at(properties, "delivery_tag");
  std::optional<std::int64_t> priority = number_at(properties, "priority");
  if (const json::object* info = object_at(properties, "delivery_info")) {
    message.exchange = text_at(*info, "exchange");
    message.routing_key = text_at(*info, "routing_key");
    if (!priority) priority = number_at(*info, "priority");
    const json::value* again = info->if_contains("redelivered");
    message.redelivered = again != nullptr && again->is_bool() && again->get_bool();
  }
  message.priority = static_cast<int>(std::clamp<std::int64_t>(priority.value_or(0), 0, 9));
}

void finish(Message& message) {
  if (message.root_id.empty()) message.root_id = message.id;
  if (message.delivery_tag.empty()) message.delivery_tag = message.id;
  if (message.args_repr.empty()) {
    message.args_repr = python_repr(message.args, kReprLimit, ReprOf::tuple);
  }
  if (message.kwargs_repr.empty()) message.kwargs_repr = python_repr(message.kwargs, kReprLimit);
}

Result<void> check_content_type(const json::object& envelope) {
  const std::string type = text_at(envelope, "content-type");
  if (type.empty() || type == "application/json") return {};
  return fail(ErrorKind::unsupported, "celery.content_type",
              fmt::format("the body is written as {}; only JSON is read", in_quotes(type)),
              "set task_serializer = 'json' at the sender");
}

}  // namespace

Result<Message> parse_message(std::string_view text) {
  if (text.size() > kMaxMessage) {
    return fail(ErrorKind::too_large, "celery.too_large",
                fmt::format("the message has {} bytes, {} are the most", text.size(), kMaxMessage),
                "store large data elsewhere and send its key");
  }
  const json::value tree = TRY(parse_json(text, "the message"));
  const json::object* envelope = tree.if_object();
  if (envelope == nullptr) return malformed("the message is not a JSON object");
  const json::value* body = envelope->if_contains("body");
  if (body == nullptr || !body->is_string()) return malformed("the message has no body");
  const json::object none;
  const json::object* headers = object_at(*envelope, "headers");
  const json::object* properties = object_at(*envelope, "properties");
  if (headers == nullptr) headers = &none;
  if (properties == nullptr) properties = &none;

  Message message;
  const bool has_task = headers->contains("task");
  if (has_task) TRY(read_headers(*headers, message));
  TRY(check_content_type(*envelope));
  const std::string content = TRY(unwrap_body(
      body->get_string(), text_at(*properties, "body_encoding"), text_at(*headers, "compression")));
  TRY(has_task ? read_body(content, message) : read_old_body(content, message));
  read_properties(*properties, message);
  keep_other_headers(*headers, message);
  finish(message);
  return message;
}

SalvagedMessage salvage_message(std::string_view text) {
  SalvagedMessage found;
  const auto tree = parse_json(text, "the message");
  const json::object* envelope = tree ? tree->if_object() : nullptr;
  if (envelope == nullptr) return found;
  if (const json::object* headers = object_at(*envelope, "headers")) {
    found = {.id = text_at(*headers, "id"), .task = text_at(*headers, "task")};
  }
  if (const json::object* properties = object_at(*envelope, "properties"); found.id.empty()) {
    if (properties != nullptr) found.id = text_at(*properties, "correlation_id");
  }
  if (found.id.size() > kMaxTaskName) found.id.clear();
  if (found.task.size() > kMaxTaskName) found.task.clear();
  return found;
}

}  // namespace selvage::celery
