#include "audit/report/markup.hpp"

#include "base/text.hpp"

namespace selvage::audit {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool is_noncharacter(std::string_view sequence) {
  return sequence == "\xEF\xBF\xBE" || sequence == "\xEF\xBF\xBF";
}

}  // namespace

std::string markup_text(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_sequence(text.substr(i));
    if (length != 1) {
      const std::string_view sequence = text.substr(i, length);
      out += length == 0 || is_noncharacter(sequence) ? kReplacement : sequence;
      i += std::max<std::size_t>(length, 1);
      continue;
    }
    const char c = text[i++];
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '\n':
      case '\t':
        out += c;
        break;
      default:
        if (static_cast<unsigned char>(c) < ' ' || c == '\x7F')
          out += kReplacement;
        else
          out += c;
    }
  }
  return out;
}

std::string markdown_text(std::string_view text) {
  std::string out;
  for (const char c : mended_utf8(text)) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7F') {
      out += ' ';
      continue;
    }
    if (std::string_view("\\`*_{}[]<>#|!~&").contains(c)) out += '\\';
    out += c;
  }
  return out;
}

}  // namespace selvage::audit
