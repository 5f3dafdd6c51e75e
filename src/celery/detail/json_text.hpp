// Writing JSON text piece by piece: messages, results and events are made of a few members whose
// values are JSON already, and building trees of them would cost more than the rest of a task.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace selvage::celery {

// `text` as a JSON string with its quotes. Broken UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

// {"a": 1, ...} in the order of the calls.
class JsonObject {
 public:
  JsonObject() { out_ += '{'; }
  JsonObject& text(std::string_view key, std::string_view value);
  // null when empty.
  JsonObject& text_or_null(std::string_view key, std::string_view value);
  JsonObject& number(std::string_view key, std::int64_t value);
  JsonObject& decimal(std::string_view key, double value);
  JsonObject& flag(std::string_view key, bool value);
  // `json` is a complete JSON value; empty stands for null.
  JsonObject& json(std::string_view key, std::string_view json);
  [[nodiscard]] std::string take();

 private:
  void begin(std::string_view key);
  std::string out_;
};

// As Python's isoformat() writes an aware time: "2026-11-20T23:18:25.846000+00:00".
[[nodiscard]] std::string to_isoformat(Timestamp time);
// What isoformat() writes; without an offset it is UTC. Errors: clock.timestamp.
[[nodiscard]] Result<Timestamp> parse_isoformat(std::string_view text);

}  // namespace selvage::celery
