// Structured logs, one line an event: JSON (for machines) or aligned text (for a terminal) on
// standard error.
//
// Any thread; a line is one write(2), so lines never mix. Every line carries ts, level, event, and
// the fields of the current LogContext, through which a request_id follows a job from its HTTP
// request to its last line. Fields whose key is a known secret's name are not filtered here: never
// pass a Secret's content. A field is cut at 8 KiB and a line at 64 KiB. Control characters are
// escaped and broken UTF-8 is replaced, so a hostile value can neither forge a line nor steer a
// terminal.
//
//   log::info("job_completed", {{"session_id", id}, {"took_ms", 812}});
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.hpp"

namespace selvage::log {

enum class Level { debug, info, warning, error };
enum class Format { json, text };

inline constexpr std::size_t kMaxFieldBytes = 8 * 1024;
inline constexpr std::size_t kMaxLineBytes = 64 * 1024;

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

// Process-wide; set once in main before threads start. Default: info, text if standard error is a
// terminal.
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

// Fields that belong to one request or job. It is passed explicitly down the calls (coroutines
// change threads' order at every await, so thread-local state would lie) and given to the lines
// that speak of it.
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

// Tests only: for its life every line, of any thread, is kept here instead of being written, at
// `level` and in `format`. One at a time in a process.
class CaptureForTest {
 public:
  explicit CaptureForTest(Level level = Level::debug, Format format = Format::json);
  ~CaptureForTest();
  CaptureForTest(const CaptureForTest&) = delete;
  CaptureForTest& operator=(const CaptureForTest&) = delete;

  // Without their line feeds, oldest first.
  [[nodiscard]] std::vector<std::string> lines() const;
  [[nodiscard]] bool contains(std::string_view text) const;

  // For the logger itself.
  void add(std::string_view line);

 private:
  Level level_before_;
  Format format_before_;
  std::vector<std::string> lines_;
};

}  // namespace selvage::log
