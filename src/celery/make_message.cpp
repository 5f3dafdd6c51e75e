#include "celery/make_message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/crypto.hpp"
#include "base/id.hpp"
#include "base/text.hpp"
#include "celery/detail/body.hpp"
#include "celery/detail/json_text.hpp"
#include "celery/detail/python_repr.hpp"

namespace selvage::celery {

namespace {

constexpr std::size_t kReprLimit = 1024;
// Priorities share four lists: 0-2, 3-5, 6-8 and 9.
constexpr int kPrioritySteps[] = {9, 6, 3};
constexpr std::string_view kPrioritySeparator = "\x06\x16";

Result<void> check(std::string_view task, std::string_view args, std::string_view kwargs) {
  if (task.empty() || task.size() > kMaxTaskName || !is_valid_utf8(task) || task.contains('\0')) {
    return fail(
        ErrorKind::invalid, "celery.task_name",
        fmt::format("a task name has 1 to {} bytes, {} does not", kMaxTaskName, in_quotes(task)));
  }
  const auto list = parse_json(args, "args");
  if (!list || !list->is_array()) {
    return fail(ErrorKind::invalid, "celery.arguments",
                fmt::format("args of {} is no JSON array: {}", task, in_quotes(args)));
  }
  const auto mapping = parse_json(kwargs, "kwargs");
  if (!mapping || !mapping->is_object()) {
    return fail(ErrorKind::invalid, "celery.arguments",
                fmt::format("kwargs of {} is no JSON object: {}", task, in_quotes(kwargs)));
  }
  return {};
}

std::string seconds_or_null(std::optional<milliseconds> limit) {
  if (!limit) return "null";
  return fmt::format("{}", static_cast<double>(limit->count()) / 1000.0);
}

std::string time_or_empty(std::optional<Timestamp> time) {
  return time ? to_isoformat(*time) : std::string();
}

std::string make_headers(std::string_view task, std::string_view args, std::string_view kwargs,
                         const std::string& id, const MessageOptions& options) {
  JsonObject headers;
  headers.text("lang", "py")
      .text("task", task)
      .text("id", id)
      .json("shadow", "null")
      .text_or_null("eta", time_or_empty(options.eta))
      .text_or_null("expires", time_or_empty(options.expires))
      .text_or_null("group", options.group)
      .json("group_index", options.group_index ? fmt::format("{}", *options.group_index) : "")
      .number("retries", options.retries)
      .json("timelimit", fmt::format("[{}, {}]", seconds_or_null(options.hard_limit),
                                     seconds_or_null(options.soft_limit)))
      .text("root_id", options.root_id.empty() ? id : options.root_id)
      .text_or_null("parent_id", options.parent_id)
      .text("argsrepr", python_repr(args, kReprLimit, ReprOf::tuple))
      .text("kwargsrepr", python_repr(kwargs, kReprLimit))
      .text("origin", options.origin)
      .flag("ignore_result", options.ignore_result)
      .number("replaced_task_nesting", 0);
  for (const auto& [name, value] : options.headers) headers.json(name, value);
  return headers.take();
}

std::string make_properties(const std::string& id, const MessageOptions& options) {
  JsonObject place;
  place.text("exchange", "").text("routing_key", options.queue);
  JsonObject properties;
  properties.text("correlation_id", id)
      .text("reply_to", options.reply_to)
      .number("delivery_mode", 2)
      .json("delivery_info", place.take())
      .number("priority", options.priority)
      .text("body_encoding", "base64")
      .text("delivery_tag", new_uuid());
  return properties.take();
}

}  // namespace

Result<NewMessage> make_message(std::string_view task, std::string_view args,
                                std::string_view kwargs, const MessageOptions& options) {
  TRY(check(task, args, kwargs));
  NewMessage made{.id = options.id.empty() ? new_uuid() : options.id, .text = {}};
  JsonObject embed;
  embed.json("callbacks", options.then.callbacks)
      .json("errbacks", options.then.errbacks)
      .json("chain", options.then.chain)
      .json("chord", options.then.chord);
  JsonObject envelope;
  envelope.text("body", base64(fmt::format("[{}, {}, {}]", args, kwargs, embed.take())))
      .text("content-encoding", "utf-8")
      .text("content-type", "application/json")
      .json("headers", make_headers(task, args, kwargs, made.id, options))
      .json("properties", make_properties(made.id, options));
  made.text = envelope.take();
  if (made.text.size() > kMaxMessage) {
    return fail(ErrorKind::too_large, "celery.too_large",
                fmt::format("the message of task {} would have {} bytes, {} are the most", task,
                            made.text.size(), kMaxMessage),
                "store large data elsewhere and send its key");
  }
  return made;
}

std::string list_of(std::string_view queue, int priority) {
  std::string list(queue);
  for (const int step : kPrioritySteps) {
    if (priority < step) continue;
    list += kPrioritySeparator;
    list += static_cast<char>('0' + step);
    break;
  }
  return list;
}

}  // namespace selvage::celery
