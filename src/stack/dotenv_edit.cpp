// Writing .env files: quoting, and edits that leave all other bytes alone.
#include <algorithm>

#include "base/text.hpp"
#include "stack/dotenv.hpp"

namespace selvage::stack {

namespace {

bool is_plain(char c) {
  return is_digit(c) || (to_lower_ascii(c) >= 'a' && to_lower_ascii(c) <= 'z') ||
         std::string_view("_-./:@%+,=").contains(c);
}

std::string double_quoted(std::string_view value) {
  std::string out = "\"";
  for (const char c : value) {
    if (c == '\\' || c == '"' || c == '$') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string in_some_quotes(std::string_view value) {
  // single quotes where they do: there a shell reads the same
  if (!value.contains('\'') && !value.contains('\\')) return "'" + std::string(value) + "'";
  return double_quoted(value);
}

}  // namespace

std::string dotenv_quoted(std::string_view value) {
  if (std::ranges::all_of(value, is_plain)) return std::string(value);
  return in_some_quotes(value);
}

std::string with_value(const EnvFile& file, std::string_view name, std::string_view value) {
  const std::string_view bytes = file.text->bytes();
  std::string out;
  std::size_t copied = 0;
  bool found = false;
  for (const EnvAssignment& assignment : file.assignments) {
    if (assignment.name != name) continue;
    found = true;
    out += bytes.substr(copied, assignment.value_span.begin - copied);
    if (assignment.inherited) out += '=';
    // what was quoted stays so: text may stand right behind the closing quote
    out += assignment.quotes == EnvQuotes::none ? dotenv_quoted(value) : in_some_quotes(value);
    copied = assignment.value_span.end;
  }
  out += bytes.substr(copied);
  if (found) return out;
  const std::string_view line_end = bytes.contains("\r\n") ? "\r\n" : "\n";
  std::string added;
  if (file.read_to > 0 && bytes[file.read_to - 1] != '\n') added = line_end;
  added += std::string(name) + "=" + dotenv_quoted(value);
  added += line_end;
  return out.insert(file.read_to, added);
}

}  // namespace selvage::stack
