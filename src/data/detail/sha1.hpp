// SHA-1 (RFC 3174), by which Redis names scripts; nothing secret rests on it. Not OpenSSL's: that
// loads all of its algorithms first, about a megabyte in a process that speaks no TLS.
#pragma once

#include <string>
#include <string_view>

namespace selvage::data {

// 40 lower-case hexadecimal digits.
[[nodiscard]] std::string sha1_hex(std::string_view text);

}  // namespace selvage::data
