// A task message as Celery's clients put it on a Redis list: protocol 2 in JSON, and protocol 1.
//
// What functions need is taken apart; what only passes through (signatures of what follows, headers
// that this version does not know) is kept as JSON text. Typed values of kombu 5.3 and later
// ({"__type__": "datetime", ...}) stand in `args` and `kwargs` as their plain text, since no
// function here has the Python types; a type that is not known stays as it came.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace selvage::celery {

inline constexpr std::size_t kMaxMessage = 4U << 20U;  // bytes of one list element
inline constexpr std::size_t kMaxBody = 16U << 20U;    // bytes of a body, decompressed
inline constexpr int kMaxMessageDepth = 128;           // of JSON; nested chords go deep
inline constexpr std::size_t kMaxTaskName = 255;       // bytes; of an id too

// What runs after a task: signatures as JSON text, empty when there are none.
struct FollowingSteps {
  std::string callbacks;  // [signature, ...]: each is called with the result
  std::string errbacks;   // [signature, ...]: each is called with this task's id
  std::string chain;      // [signature, ...]: the next step is the LAST one
  std::string chord;      // the signature called when all members of the group are done
  [[nodiscard]] bool empty() const {
    return callbacks.empty() && errbacks.empty() && chain.empty() && chord.empty();
  }
};

struct Message {
  int protocol = 2;
  std::string id;
  std::string task;    // its registered name
  std::string args;    // a JSON array
  std::string kwargs;  // a JSON object
  std::string args_repr;
  std::string kwargs_repr;
  std::optional<Timestamp> eta;
  std::optional<Timestamp> expires;
  int retries = 0;
  std::optional<milliseconds> hard_limit;
  std::optional<milliseconds> soft_limit;
  bool ignore_result = false;
  std::string root_id;
  std::string parent_id;
  std::string group;
  std::optional<std::int64_t> group_index;
  FollowingSteps then;
  int priority = 0;
  std::string exchange;
  std::string routing_key;
  std::string delivery_tag;  // unique for each time it was published
  bool redelivered = false;  // another worker of the queue had it and gave it back
  std::string traceparent;   // W3C trace context
  std::string tracestate;
  std::string other_headers;  // a JSON object of the headers not named above, or empty
};

// Errors: celery.malformed, celery.too_large, celery.content_type (a serializer other than JSON),
// celery.compression (one that is not zlib), each saying what to change at the sender.
[[nodiscard]] Result<Message> parse_message(std::string_view text);

// What can still be said of a message that parse_message() refuses, so that its client hears of it.
struct SalvagedMessage {
  std::string id;  // empty when it cannot be found
  std::string task;
};
[[nodiscard]] SalvagedMessage salvage_message(std::string_view text);

}  // namespace selvage::celery
