#include "data/detail/host_port.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace selvage::data {

namespace {

bool may_stand_in_host(char c) {
  const char lower = to_lower_ascii(c);
  return is_digit(c) || (lower >= 'a' && lower <= 'z') || c == '.' || c == '-' || c == '_';
}

}  // namespace

Result<HostPort> parse_host_port(std::string_view text, std::string_view code) {
  const auto bad = [&](std::string_view what) {
    return fail(ErrorKind::invalid, std::string(code), std::string(what));
  };
  HostPort parsed;
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return bad("the address in brackets has no end");
    parsed.host = text.substr(1, close - 1);
    text.remove_prefix(close + 1);
    const bool plain =
        std::ranges::all_of(parsed.host, [](char c) { return may_stand_in_host(c) || c == ':'; });
    if (parsed.host.empty() || !plain || (!text.empty() && !text.starts_with(':'))) {
      return bad("the host is not a name or an address");
    }
    if (!text.empty()) port = text.substr(1);
  } else {
    const std::size_t colon = text.find(':');
    parsed.host = text.substr(0, colon);
    if (colon != std::string_view::npos) port = text.substr(colon + 1);
    if (parsed.host.empty() || !std::ranges::all_of(parsed.host, may_stand_in_host)) {
      return bad("the host is not a name or an address");
    }
  }
  if (port.empty()) return parsed;
  const auto [end, failed] = std::from_chars(port.begin(), port.end(), parsed.port);
  if (failed != std::errc() || end != port.end() || parsed.port == 0) {
    return bad("the port is not a number from 1 to 65535");
  }
  return parsed;
}

std::string to_string(const HostPort& address) {
  return address.host.contains(':') ? fmt::format("[{}]:{}", address.host, address.port)
                                    : fmt::format("{}:{}", address.host, address.port);
}

}  // namespace selvage::data
