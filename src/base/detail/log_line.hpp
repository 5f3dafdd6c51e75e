// One log line in the making, in JSON or in text. Not thread-safe; a thread keeps one and reuses
// it.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/log.hpp"

namespace selvage::log::detail {

class LineWriter {
 public:
  void start(Format format, bool colour, Level level, Timestamp time, std::string_view event);
  // Drops the field, and says so in the line, when the line would pass kMaxLineBytes.
  void add(const Field& field);
  // The whole line with its line feed; valid until the next start().
  [[nodiscard]] std::string_view finish();

 private:
  void add_json(const Field& field);
  void add_text(const Field& field);

  std::string line_;
  Format format_ = Format::json;
  bool colour_ = false;
  bool truncated_ = false;
};

}  // namespace selvage::log::detail
