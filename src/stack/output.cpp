// Trees as JSON and YAML.
#include <fmt/format.h>

#include <cmath>

#include "base/text.hpp"
#include "stack/render.hpp"
#include "stack/yaml.hpp"

namespace selvage::stack {

namespace {

// Code points that YAML readers refuse unless they are escaped.
bool needs_escape(unsigned point) {
  return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x2028 || point == 0x2029 ||
         point == 0xfeff || point == 0xfffe || point == 0xffff;
}

unsigned code_point(std::string_view sequence) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(sequence[i]); };
  if (sequence.size() == 1) return byte(0);
  unsigned point = byte(0) & (0x7fU >> sequence.size());
  for (std::size_t i = 1; i < sequence.size(); ++i) point = point << 6 | (byte(i) & 0x3fU);
  return point;
}

std::string json_text(std::string_view text) {
  std::string result = "\"";
  while (!text.empty()) {
    const std::string_view sequence = text.substr(0, utf8_sequence(text));
    if (sequence.empty()) {  // only !!binary can hold such bytes
      result += "\\ufffd";
      text.remove_prefix(1);
      continue;
    }
    text.remove_prefix(sequence.size());
    const unsigned point = code_point(sequence);
    switch (point) {
      case '"':
        result += "\\\"";
        break;
      case '\\':
        result += "\\\\";
        break;
      case '\n':
        result += "\\n";
        break;
      case '\r':
        result += "\\r";
        break;
      case '\t':
        result += "\\t";
        break;
      default:
        if (needs_escape(point)) {
          result += fmt::format("\\u{:04x}", point);
        } else {
          result += sequence;
        }
    }
  }
  return result + '"';
}

// Shortest digits; of a number that fits 32 bits, as if it had no more.
std::string number(double value) {
  if (!std::isfinite(value)) return "null";
  const auto narrow = static_cast<float>(value);
  return static_cast<double>(narrow) == value ? fmt::format("{}", narrow)
                                              : fmt::format("{}", value);
}

std::string scalar(const Node& node) {
  switch (node.kind) {
    case Kind::null:
      return "null";
    case Kind::boolean:
      return node.flag ? "true" : "false";
    case Kind::integer:
      return std::to_string(node.integer);
    case Kind::floating: {
      std::string text = number(node.number);
      if (text.ends_with(".0")) text.resize(text.size() - 2);
      return text;
    }
    case Kind::string:
    case Kind::sequence:
    case Kind::mapping:
      break;
  }
  return json_text(node.text);
}

// A text that YAML readers of every version take for the same text without quotes.
bool is_plain(std::string_view text) {
  if (text.empty() || text.size() > 200) return false;
  const char first = text.front();
  const char lower = to_lower_ascii(first);
  if (!(lower >= 'a' && lower <= 'z') && first != '/' && first != '_') return false;
  for (const char c : text) {
    const char each = to_lower_ascii(c);
    if (!(each >= 'a' && each <= 'z') && !is_digit(c) &&
        !std::string_view("/_.-+@= ()").contains(c)) {
      return false;
    }
  }
  if (text.back() == ' ') return false;
  for (const std::string_view word : {"yes", "no", "on", "off", "y", "n"}) {
    if (equals_icase(text, word)) return false;
  }
  return plain_scalar(text).is_string();
}

class Writer {
 public:
  void json(const Node& node, std::size_t indent) {
    if (node.is_scalar()) {
      text_ += scalar(node);
      return;
    }
    const bool map = node.is_mapping();
    const std::size_t count = map ? node.entries.size() : node.items.size();
    text_ += map ? '{' : '[';
    for (std::size_t i = 0; i < count; ++i) {
      text_ += i == 0 ? "\n" : ",\n";
      text_.append(indent + 2, ' ');
      if (map) text_ += json_text(node.entries[i].key) + ": ";
      json(map ? node.entries[i].value : node.items[i], indent + 2);
    }
    if (count > 0) {
      text_ += '\n';
      text_.append(indent, ' ');
    }
    text_ += map ? '}' : ']';
  }

  // Begins behind a key's colon or an item's dash.
  void yaml(const Node& node, std::size_t indent, bool in_item) {
    if (node.is_scalar()) {
      text_ += ' ' + (node.is_string() && is_plain(node.text) ? node.text : scalar(node)) + '\n';
      return;
    }
    if (node.items.empty() && node.entries.empty()) {
      text_ += node.is_mapping() ? " {}\n" : " []\n";
      return;
    }
    bool first = in_item;
    text_ += first ? ' ' : '\n';
    for (const Node& item : node.items) {
      begin(first, indent);
      text_ += '-';
      yaml(item, indent + 2, true);
    }
    for (const Entry& entry : node.entries) {
      begin(first, indent);
      text_ += (is_plain(entry.key) ? entry.key : json_text(entry.key)) + ':';
      yaml(entry.value, indent + 2, false);
    }
  }

  std::string text() { return std::move(text_); }

 private:
  void begin(bool& first, std::size_t indent) {
    if (!first) text_.append(indent, ' ');
    first = false;
  }

  std::string text_;
};

}  // namespace

std::string to_json(const Node& tree) {
  Writer writer;
  writer.json(tree, 0);
  return writer.text();
}

std::string to_yaml(const Node& tree) {
  Writer writer;
  writer.yaml(tree, 0, true);
  return writer.text().substr(1);
}

}  // namespace selvage::stack
