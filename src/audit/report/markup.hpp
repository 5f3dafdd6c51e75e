// Text of others inside markup.
#pragma once

#include <string>
#include <string_view>

namespace selvage::audit {

// For the text and the attributes of XML and HTML: & < > " ' as entities; what XML cannot hold
// (control characters, broken UTF-8, U+FFFE and U+FFFF) as U+FFFD.
[[nodiscard]] std::string markup_text(std::string_view text);

// For a line of Markdown, tables included: what would be markup is escaped, line ends are spaces.
[[nodiscard]] std::string markdown_text(std::string_view text);

}  // namespace selvage::audit
