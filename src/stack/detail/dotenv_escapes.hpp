// The escapes of a double-quoted value in a .env file.
#pragma once

#include <string>
#include <string_view>

namespace selvage::stack::detail {

// \a \b \f \n \r \t \v \\ \" as in Go, "\$" as "$$" for the interpolation that follows, \0NNN as
// the code point of three octal digits. What is none of these stays, but for the 0 of an octal
// number that Go cannot read, which Compose loses.
[[nodiscard]] std::string without_dotenv_escapes(std::string_view text);

}  // namespace selvage::stack::detail
