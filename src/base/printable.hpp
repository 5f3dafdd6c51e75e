// Text of others on a person's terminal.
#pragma once

#include <string>
#include <string_view>

namespace selvage {

// `text` with its control characters and broken UTF-8 as \xXX.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace selvage
