// Makes task messages as Celery's own clients do (protocol 2, JSON): for the scheduler, and for
// the steps that follow a task.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "celery/message.hpp"

namespace selvage::celery {

inline constexpr std::string_view kDefaultQueue = "celery";

struct MessageOptions {
  std::string id;  // empty: a new one
  std::string queue{kDefaultQueue};
  int priority = 0;  // 0..9, 0 is served first (on Redis)
  std::optional<Timestamp> eta;
  std::optional<Timestamp> expires;
  int retries = 0;
  std::optional<milliseconds> hard_limit;
  std::optional<milliseconds> soft_limit;
  bool ignore_result = false;
  std::string root_id;  // empty: the task is its own root
  std::string parent_id;
  std::string group;
  std::optional<std::int64_t> group_index;
  std::string reply_to;
  std::string origin;  // the sender's node name
  FollowingSteps then;
  // More headers, their values as JSON text: {"traceparent", "\"00-...\""}.
  std::vector<std::pair<std::string, std::string>> headers;
};

struct NewMessage {
  std::string id;
  std::string text;  // the element of the queue's list
};

// `args` is a JSON array, `kwargs` a JSON object. Errors: celery.task_name, celery.arguments
// (invalid), celery.too_large.
[[nodiscard]] Result<NewMessage> make_message(std::string_view task, std::string_view args,
                                              std::string_view kwargs,
                                              const MessageOptions& options);

// The Redis list that holds the tasks of `queue` with that priority: "celery", or
// "celery\x06\x163". Lists are taken from their right end and filled with LPUSH.
[[nodiscard]] std::string list_of(std::string_view queue, int priority);

}  // namespace selvage::celery
