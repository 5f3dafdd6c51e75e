#include "work/detail/redis_record.hpp"

#include <charconv>

namespace selvage::work {

namespace {

// Cuts `text` at the next `end` and returns what was before it; false when there is none.
bool next_part(std::string_view& text, char end, std::string_view& part) {
  const std::size_t at = text.find(end);
  if (at == text.npos) return false;
  part = text.substr(0, at);
  text.remove_prefix(at + 1);
  return true;
}

template <class Number>
bool next_number(std::string_view& text, char end, Number& number) {
  std::string_view part;
  if (!next_part(text, end, part)) return false;
  const auto read = std::from_chars(part.data(), part.data() + part.size(), number);
  return read.ec == std::errc() && read.ptr == part.data() + part.size();
}

bool next_name(std::string_view& text, std::string& name) {
  std::string_view part;
  if (!next_part(text, '\n', part)) return false;
  name = unescape_name(part);
  return true;
}

}  // namespace

Result<TaskRecord> parse_record(std::string text) {
  TaskRecord record;
  std::string_view rest = text;
  const bool whole =
      next_number(rest, ' ', record.deliveries) && next_number(rest, ' ', record.retries) &&
      next_number(rest, ' ', record.enqueued_ms) && next_number(rest, ' ', record.due_ms) &&
      next_number(rest, '\n', record.priority) && next_name(rest, record.id) &&
      next_name(rest, record.key) && next_name(rest, record.holder) &&
      next_name(rest, record.reason);
  if (!whole) {
    return fail(ErrorKind::internal, "queue.record", "a task's record on Redis cannot be read",
                "something else writes into the queue's keys; see docs/guides/queues.md");
  }
  const std::size_t head = text.size() - rest.size();
  text.erase(0, head);
  record.payload = std::move(text);
  return record;
}

std::string escape_name(std::string_view name) {
  std::string text;
  text.reserve(name.size());
  for (const char c : name) {
    if (c == '%') {
      text += "%25";
    } else if (c == '\n') {
      text += "%0A";
    } else if (c == '\0') {
      text += "%00";
    } else {
      text += c;
    }
  }
  return text;
}

std::string unescape_name(std::string_view text) {
  std::string name;
  name.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view code = text.substr(i, 3);
    if (code == "%25" || code == "%0A" || code == "%00") {
      name += code == "%25" ? '%' : code == "%0A" ? '\n' : '\0';
      i += 2;
    } else {
      name += text[i];
    }
  }
  return name;
}

}  // namespace selvage::work
