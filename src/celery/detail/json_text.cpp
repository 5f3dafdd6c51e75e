#include "celery/detail/json_text.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "base/text.hpp"

namespace selvage::celery {

namespace {

bool stands_for_itself(char c) {
  return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x80 &&
         c != '"' && c != '\\';
}

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t i = 0;
  while (i < text.size()) {
    const std::size_t start = i;
    while (i < text.size() && stands_for_itself(text[i])) ++i;
    out.append(text, start, i - start);
    if (i == text.size()) break;
    if (static_cast<unsigned char>(text[i]) < 0x80) {
      append_escaped(out, text[i++]);
    } else if (const std::size_t length = utf8_sequence(text.substr(i)); length > 0) {
      out.append(text, i, length);
      i += length;
    } else {
      out += "\xEF\xBF\xBD";
      ++i;
    }
  }
  out += '"';
}

void JsonObject::begin(std::string_view key) {
  if (out_.size() > 1) out_ += ", ";
  append_json_string(out_, key);
  out_ += ": ";
}

JsonObject& JsonObject::text(std::string_view key, std::string_view value) {
  begin(key);
  append_json_string(out_, value);
  return *this;
}

JsonObject& JsonObject::text_or_null(std::string_view key, std::string_view value) {
  return value.empty() ? json(key, "null") : text(key, value);
}

JsonObject& JsonObject::number(std::string_view key, std::int64_t value) {
  begin(key);
  fmt::format_to(std::back_inserter(out_), "{}", value);
  return *this;
}

JsonObject& JsonObject::decimal(std::string_view key, double value) {
  SELVAGE_CHECK(std::isfinite(value));
  begin(key);
  fmt::format_to(std::back_inserter(out_), "{}", value);
  return *this;
}

JsonObject& JsonObject::flag(std::string_view key, bool value) {
  return json(key, value ? "true" : "false");
}

JsonObject& JsonObject::json(std::string_view key, std::string_view json) {
  begin(key);
  out_ += json.empty() ? std::string_view("null") : json;
  return *this;
}

std::string JsonObject::take() {
  out_ += '}';
  return std::move(out_);
}

std::string to_isoformat(Timestamp time) {
  std::string text = to_rfc3339(time);  // "2026-11-21T03:43:20.125Z"
  text.pop_back();
  return text + "000+00:00";
}

Result<Timestamp> parse_isoformat(std::string_view text) {
  const std::size_t time = text.find_first_of("Tt ");
  const bool has_offset =
      time != std::string_view::npos && text.find_first_of("Zz+-", time) != std::string_view::npos;
  std::string whole(text);
  if (time != std::string_view::npos) whole[time] = 'T';
  if (!has_offset) whole += 'Z';
  return parse_rfc3339(whole);
}

}  // namespace selvage::celery
