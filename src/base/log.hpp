// Structured logs, one line an event: JSON (for machines) or aligned text (for a terminal) on standard error.
//
// Any thread; a line is one write(2), so lines never mix. Every line carries ts, level, event, and the fields of
// the current LogContext, through which a request_id follows a job from its HTTP request to its last line.
// Fields whose key is a known secret's name are not filtered here: never pass a Secret's content.
//
//   log::info("job_completed", {{"session_id", id}, {"took_ms", 812}});
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "base/error.hpp"

namespace selvage::log {

enum class Level { debug, info, warning, error };
enum class Format { json, text };

struct Field {
  std::string_view key;
  std::variant<std::string_view, std::int64_t, double, bool> value;

  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
  Field(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  Field(std::string_view k, bool v) : key(k), value(v) {}
  template <class T>
    requires(std::is_arithmetic_v<T> && !std::is_same_v<T, bool>)
  Field(std::string_view k, T v) : key(k) {
    if constexpr (std::is_floating_point_v<T>) {
      value = static_cast<double>(v);
    } else {
      value = static_cast<std::int64_t>(v);
    }
  }
};

// Process-wide; set once in main before threads start. Default: info, text if standard error is a terminal.
void configure(Level level, Format format);
[[nodiscard]] Result<Level> parse_level(std::string_view text);

using Fields = std::initializer_list<Field>;
void debug(std::string_view event, Fields fields = {});
void info(std::string_view event, Fields fields = {});
void warning(std::string_view event, Fields fields = {});
void error(std::string_view event, Fields fields = {});
// An Error as fields: error (its describe()), error_code, hint.
void error(std::string_view event, const Error& cause, Fields fields = {});
void warning(std::string_view event, const Error& cause, Fields fields = {});

// Fields that belong to one request or job. It is passed explicitly down the calls (coroutines change threads'
// order at every await, so thread-local state would lie) and given to the lines that speak of it.
class Context {
 public:
  Context() = default;
  // Adds or replaces; returns *this so that it reads in one line.
  Context& with(std::string key, std::string value);
  [[nodiscard]] std::string_view get(std::string_view key) const;

  void debug(std::string_view event, Fields fields = {}) const;
  void info(std::string_view event, Fields fields = {}) const;
  void warning(std::string_view event, Fields fields = {}) const;
  void error(std::string_view event, Fields fields = {}) const;
  void warning(std::string_view event, const Error& cause, Fields fields = {}) const;
  void error(std::string_view event, const Error& cause, Fields fields = {}) const;

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

}  // namespace selvage::log
