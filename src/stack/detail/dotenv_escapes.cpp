#include "stack/detail/dotenv_escapes.hpp"

#include "base/text.hpp"

namespace selvage::stack::detail {

namespace {

char control_character(char c) {
  switch (c) {
    case 'a':
      return '\a';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    default:
      return 0;
  }
}

// `digits` are what follows "\0".
void append_octal(std::string& out, std::string_view digits) {
  unsigned code_point = 0;
  bool readable = digits.size() == 3;
  for (const char c : digits) {
    readable = readable && c <= '7';
    code_point = code_point * 8 + static_cast<unsigned>(c - '0');
  }
  if (!readable || code_point > 255) {
    out += '\\';
    out += digits;
  } else if (code_point < 0x80) {
    out += static_cast<char>(code_point);
  } else {
    out += static_cast<char>(0xC0 | (code_point >> 6));
    out += static_cast<char>(0x80 | (code_point & 0x3F));
  }
}

}  // namespace

std::string without_dotenv_escapes(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char c = text[++i];
    if (const char control = control_character(c)) {
      out += control;
    } else if (c == '\\' || c == '"') {
      out += c;
    } else if (c == '$') {
      out += "$$";
    } else if (c == '0') {
      std::size_t length = 0;
      while (length < 3 && i + 1 + length < text.size() && is_digit(text[i + 1 + length])) ++length;
      append_octal(out, text.substr(i + 1, length));
      i += length;
    } else {
      out += '\\';
      out += c;
    }
  }
  return out;
}

}  // namespace selvage::stack::detail
