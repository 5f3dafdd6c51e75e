#include "base/log.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <span>

#include "base/clock.hpp"
#include "base/detail/log_line.hpp"
#include "base/text.hpp"

namespace selvage::log {

namespace {

struct Output {
  std::atomic<Level> level = Level::info;
  std::atomic<Format> format;
  bool colour;

  Output() {
    const bool terminal = isatty(STDERR_FILENO) == 1;
    format = terminal ? Format::text : Format::json;
    const char* no_colour = std::getenv("NO_COLOR");
    colour = terminal && (no_colour == nullptr || *no_colour == '\0');
  }
};

Output& output() {
  static Output instance;
  return instance;
}

std::mutex capture_mutex;
std::atomic<CaptureForTest*> capture = nullptr;

// One write(2) for a whole line. A line that cannot be written (a closed or full pipe) is lost:
// there is no better place to report that, and logging must not stop the work.
void write_line(std::string_view line) {
  while (!line.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    line.remove_prefix(static_cast<std::size_t>(written));
  }
}

using ContextFields = std::vector<std::pair<std::string, std::string>>;

void emit(Level level, std::string_view event, const ContextFields* context, const Error* cause,
          Fields fields) {
  Output& out = output();
  if (level < out.level.load(std::memory_order_relaxed)) return;

  const Format format = out.format.load(std::memory_order_relaxed);
  // Reused, because a line is made for every request; its size is bounded by the line cap.
  thread_local detail::LineWriter line;
  line.start(format, out.colour && capture.load() == nullptr, level, now(), event);
  const std::span given(fields.begin(), fields.size());
  if (context != nullptr) {
    for (const auto& [key, value] : *context) {
      // what the line itself says is more precise than what its context says
      const bool replaced =
          std::ranges::any_of(given, [&](const Field& f) { return f.key == key; });
      if (!replaced) line.add({key, value});
    }
  }
  for (const Field& field : given) line.add(field);
  if (cause != nullptr) {
    line.add({"error", cause->describe()});
    line.add({"error_code", cause->code});
    if (!cause->hint.empty()) line.add({"hint", cause->hint});
  }
  const std::string_view text = line.finish();

  if (capture.load() != nullptr) {
    const std::lock_guard lock(capture_mutex);
    if (CaptureForTest* test = capture.load()) {
      test->add(text);
      return;
    }
  }
  write_line(text);
}

}  // namespace

void configure(Level level, Format format) {
  output().level = level;
  output().format = format;
}

Result<Level> parse_level(std::string_view text) {
  if (equals_icase(text, "debug")) return Level::debug;
  if (equals_icase(text, "info")) return Level::info;
  if (equals_icase(text, "warning") || equals_icase(text, "warn")) return Level::warning;
  if (equals_icase(text, "error")) return Level::error;
  return fail(ErrorKind::invalid, "log.level", in_quotes(text) + " is not a log level",
              "Write debug, info, warning or error.");
}

void debug(std::string_view event, Fields fields) {
  emit(Level::debug, event, nullptr, nullptr, fields);
}
void info(std::string_view event, Fields fields) {
  emit(Level::info, event, nullptr, nullptr, fields);
}
void warning(std::string_view event, Fields fields) {
  emit(Level::warning, event, nullptr, nullptr, fields);
}
void error(std::string_view event, Fields fields) {
  emit(Level::error, event, nullptr, nullptr, fields);
}
void error(std::string_view event, const Error& cause, Fields fields) {
  emit(Level::error, event, nullptr, &cause, fields);
}
void warning(std::string_view event, const Error& cause, Fields fields) {
  emit(Level::warning, event, nullptr, &cause, fields);
}

Context& Context::with(std::string key, std::string value) {
  for (auto& field : fields_) {
    if (field.first == key) {
      field.second = std::move(value);
      return *this;
    }
  }
  fields_.emplace_back(std::move(key), std::move(value));
  return *this;
}

std::string_view Context::get(std::string_view key) const {
  for (const auto& field : fields_) {
    if (field.first == key) return field.second;
  }
  return {};
}

void Context::debug(std::string_view event, Fields fields) const {
  emit(Level::debug, event, &fields_, nullptr, fields);
}
void Context::info(std::string_view event, Fields fields) const {
  emit(Level::info, event, &fields_, nullptr, fields);
}
void Context::warning(std::string_view event, Fields fields) const {
  emit(Level::warning, event, &fields_, nullptr, fields);
}
void Context::error(std::string_view event, Fields fields) const {
  emit(Level::error, event, &fields_, nullptr, fields);
}
void Context::warning(std::string_view event, const Error& cause, Fields fields) const {
  emit(Level::warning, event, &fields_, &cause, fields);
}
void Context::error(std::string_view event, const Error& cause, Fields fields) const {
  emit(Level::error, event, &fields_, &cause, fields);
}

CaptureForTest::CaptureForTest(Level level, Format format)
    : level_before_(output().level), format_before_(output().format) {
  CaptureForTest* none = nullptr;
  SELVAGE_CHECK(capture.compare_exchange_strong(none, this));
  configure(level, format);
}

CaptureForTest::~CaptureForTest() {
  const std::lock_guard lock(capture_mutex);
  capture = nullptr;
  configure(level_before_, format_before_);
}

void CaptureForTest::add(std::string_view line) {
  lines_.emplace_back(line.substr(0, line.find('\n')));
}

std::vector<std::string> CaptureForTest::lines() const {
  const std::lock_guard lock(capture_mutex);
  return lines_;
}

bool CaptureForTest::contains(std::string_view text) const {
  const std::lock_guard lock(capture_mutex);
  return std::ranges::any_of(
      lines_, [&](const std::string& line) { return line.find(text) != std::string::npos; });
}

}  // namespace selvage::log
