#include "audit/report/paragraph.hpp"

#include "base/text.hpp"

namespace selvage::audit {

std::string paragraph(std::string_view lead, std::string_view text) {
  constexpr std::size_t kWidth = 80;
  std::string out(lead);
  std::size_t column = lead.size();
  bool first = true;
  for (const std::string_view word : split(text, ' ')) {
    if (word.empty()) continue;
    const std::size_t length = word.size();  // mostly ASCII; a wide word wraps a little early
    if (!first && column + 1 + length > kWidth) {
      out += "\n" + std::string(lead.size(), ' ');
      column = lead.size();
    } else if (!first) {
      out += ' ';
      ++column;
    }
    out += word;
    column += length;
    first = false;
  }
  return out + "\n";
}

}  // namespace selvage::audit
