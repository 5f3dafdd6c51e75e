// The "host:port" of a service's URL.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace selvage::data {

struct HostPort {
  std::string host;        // without brackets
  std::uint16_t port = 0;  // 0: not written
};

// "host", "host:port", "[v6]" or "[v6]:port". Errors: `code` (invalid), whose message does not
// repeat the text.
[[nodiscard]] Result<HostPort> parse_host_port(std::string_view text, std::string_view code);

// "host:port", an IPv6 address in brackets.
[[nodiscard]] std::string to_string(const HostPort& address);

}  // namespace selvage::data
