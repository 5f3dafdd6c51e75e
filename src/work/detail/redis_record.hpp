// A task's record as the scripts keep it on Redis (lua/queue.hpp has the format).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace selvage::work {

struct TaskRecord {
  int deliveries = 0;
  int retries = 0;
  std::int64_t enqueued_ms = 0;
  std::int64_t due_ms = 0;
  int priority = 0;
  std::string id;  // empty: it came from a raw list and has not been handed out twice
  std::string key;
  std::string holder;
  std::string reason;
  std::string payload;
};

// Errors: queue.record (internal) for what no script wrote.
[[nodiscard]] Result<TaskRecord> parse_record(std::string text);

// A name as records and sorted sets hold it.
[[nodiscard]] std::string escape_name(std::string_view name);
[[nodiscard]] std::string unescape_name(std::string_view text);

// Whether the engine made up this id for a task that had none. "@<digits>" stands for a task that
// left no trace besides its lease; "@@<digits>" has a key.
[[nodiscard]] inline bool is_made_up(std::string_view id) { return id.starts_with('@'); }
[[nodiscard]] inline bool is_traceless(std::string_view id) {
  return id.starts_with('@') && !id.starts_with("@@");
}

}  // namespace selvage::work
