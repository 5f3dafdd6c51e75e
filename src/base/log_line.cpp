#include "base/detail/log_line.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "base/text.hpp"

namespace selvage::log::detail {

namespace {

constexpr std::string_view kEllipsis = "\u2026";
constexpr std::string_view kReplacement = "\uFFFD";
// Room for the mark that a line was cut and for its end.
constexpr std::size_t kTailBytes = 64;

constexpr std::string_view kReset = "\x1b[0m";
constexpr std::string_view kDim = "\x1b[2m";

struct LevelLook {
  std::string_view json;
  std::string_view text;
  std::string_view colour;
};

LevelLook look(Level level) {
  switch (level) {
    case Level::debug:
      return {"debug", "DEBUG", "\x1b[2m"};
    case Level::info:
      return {"info", "INFO ", "\x1b[32m"};
    case Level::warning:
      return {"warning", "WARN ", "\x1b[33m"};
    case Level::error:
      return {"error", "ERROR", "\x1b[31m"};
  }
  return {"error", "ERROR", {}};
}

bool is_control(std::string_view sequence) {
  const auto lead = static_cast<unsigned char>(sequence[0]);
  if (sequence.size() == 1) return lead < 0x20 || lead == 0x7F;
  return sequence.size() == 2 && lead == 0xC2 && static_cast<unsigned char>(sequence[1]) < 0xA0;
}

void append_control(std::string& out, std::string_view sequence) {
  switch (sequence[0]) {
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default: {
      // the second byte of a two-byte C1 control is its code point
      fmt::format_to(std::back_inserter(out), "\\u{:04x}",
                     static_cast<unsigned char>(sequence.back()));
    }
  }
}

// The inside of a JSON string: always valid UTF-8 and free of control characters, at most
// kMaxFieldBytes long.
void append_escaped(std::string& out, std::string_view text) {
  const std::size_t limit = out.size() + kMaxFieldBytes - kEllipsis.size();
  while (!text.empty()) {
    // most of a log is plain ASCII: copy runs of it at once
    std::size_t plain = 0;
    while (plain < text.size() && text[plain] >= 0x20 && text[plain] < 0x7F && text[plain] != '"' &&
           text[plain] != '\\') {
      ++plain;
    }
    const std::size_t room = limit > out.size() ? limit - out.size() : 0;
    out += text.substr(0, std::min(plain, room));
    text.remove_prefix(std::min(plain, room));
    if (text.empty()) return;
    if (out.size() + 6 > limit) {
      out += kEllipsis;
      return;
    }
    if (plain != 0) continue;
    const std::size_t length = utf8_sequence(text);
    const std::string_view sequence = text.substr(0, std::max<std::size_t>(length, 1));
    if (length == 0) {
      out += kReplacement;
    } else if (is_control(sequence)) {
      append_control(out, sequence);
    } else {
      if (sequence == "\"" || sequence == "\\") out += '\\';
      out += sequence;
    }
    text.remove_prefix(sequence.size());
  }
}

bool needs_quotes(std::string_view text) {
  return text.empty() || text.find_first_of(" \"=\\") != std::string_view::npos ||
         text.find_first_of("\n\r\t") != std::string_view::npos;
}

bool is_reserved(std::string_view key) { return key == "ts" || key == "level" || key == "event"; }

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};

}  // namespace

void LineWriter::start(Format format, bool colour, Level level, Timestamp time,
                       std::string_view event) {
  line_.clear();
  format_ = format;
  colour_ = colour && format == Format::text;
  truncated_ = false;
  const std::string stamp = to_rfc3339(time);
  const LevelLook level_look = look(level);
  if (format_ == Format::json) {
    fmt::format_to(std::back_inserter(line_), R"({{"ts":"{}","level":"{}","event":")", stamp,
                   level_look.json);
    append_escaped(line_, event);
    line_ += '"';
    return;
  }
  const std::string_view clock = std::string_view(stamp).substr(stamp.size() - 13, 12);
  if (colour_) {
    fmt::format_to(std::back_inserter(line_), "{}{}{} {}{}{} ", kDim, clock, kReset,
                   level_look.colour, level_look.text, kReset);
  } else {
    fmt::format_to(std::back_inserter(line_), "{} {} ", clock, level_look.text);
  }
  append_escaped(line_, event);
  line_ += ' ';  // the event stands apart from the fields by two spaces
}

void LineWriter::add(const Field& field) {
  if (truncated_) return;
  const std::size_t before = line_.size();
  format_ == Format::json ? add_json(field) : add_text(field);
  if (line_.size() + kTailBytes <= kMaxLineBytes) return;
  line_.resize(before);
  truncated_ = true;
}

void LineWriter::add_json(const Field& field) {
  line_ += ",\"";
  append_escaped(line_, field.key);
  if (is_reserved(field.key)) line_ += '_';  // a JSON object must not hold a key twice
  line_ += "\":";
  std::visit(
      Overloaded{[&](std::string_view text) {
                   line_ += '"';
                   append_escaped(line_, text);
                   line_ += '"';
                 },
                 [&](double number) {
                   if (std::isfinite(number)) {
                     fmt::format_to(std::back_inserter(line_), "{}", number);
                   } else {
                     line_ += "null";  // JSON has no infinity
                   }
                 },
                 [&](auto value) { fmt::format_to(std::back_inserter(line_), "{}", value); }},
      field.value);
}

void LineWriter::add_text(const Field& field) {
  line_ += ' ';
  if (colour_) line_ += kDim;
  append_escaped(line_, field.key);
  line_ += '=';
  if (colour_) line_ += kReset;
  std::visit(
      Overloaded{[&](std::string_view text) {
                   const bool quotes = needs_quotes(text);
                   if (quotes) line_ += '"';
                   append_escaped(line_, text);
                   if (quotes) line_ += '"';
                 },
                 [&](auto value) { fmt::format_to(std::back_inserter(line_), "{}", value); }},
      field.value);
}

std::string_view LineWriter::finish() {
  if (format_ == Format::json) {
    line_ += truncated_ ? ",\"truncated\":true}\n" : "}\n";
  } else {
    while (line_.ends_with(' ')) line_.pop_back();
    line_ += truncated_ ? " truncated=true\n" : "\n";
  }
  return line_;
}

}  // namespace selvage::log::detail
