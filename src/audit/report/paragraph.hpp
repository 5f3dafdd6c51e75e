// Text wrapped for a terminal.
#pragma once

#include <string>
#include <string_view>

namespace selvage::audit {

// Words of `text` behind `lead` in lines of at most 80 columns, further lines indented to where the
// first one's text begins. Ends with a line end.
[[nodiscard]] std::string paragraph(std::string_view lead, std::string_view text);

}  // namespace selvage::audit
