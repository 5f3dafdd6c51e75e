#include "audit/detail/address.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace selvage::audit {

std::optional<Address> address_in(std::string_view value) {
  const auto colon = value.find("://");
  if (colon == value.npos || colon == 0) return std::nullopt;
  std::size_t begin = colon;
  while (begin > 0) {
    const char c = to_lower_ascii(value[begin - 1]);
    if (!(c >= 'a' && c <= 'z') && !is_digit(c) && c != '+' && c != '-' && c != '.') break;
    --begin;
  }
  Address address{.scheme = to_lower_ascii(value.substr(begin, colon - begin))};
  if (address.scheme.empty()) return std::nullopt;
  std::string_view rest = value.substr(colon + 3);
  rest = rest.substr(0, rest.find_first_of("/?# \t\n\"'`|;)"));
  if (const auto at = rest.rfind('@'); at != rest.npos) {
    const std::string_view login = rest.substr(0, at);
    const auto split_at = login.find(':');
    address.user = login.substr(0, split_at);
    if (split_at != login.npos) address.password = login.substr(split_at + 1);
    rest = rest.substr(at + 1);
  }
  rest = rest.substr(0, rest.find(','));
  std::string_view port;
  if (rest.starts_with('[')) {
    const auto close = rest.find(']');
    if (close == rest.npos) return std::nullopt;
    address.host = rest.substr(1, close - 1);
    if (rest.substr(close + 1).starts_with(':')) port = rest.substr(close + 2);
  } else {
    const auto last = rest.rfind(':');
    address.host = rest.substr(0, last);
    if (last != rest.npos) port = rest.substr(last + 1);
  }
  std::from_chars(port.data(), port.data() + port.size(), address.port);
  return address;
}

bool is_ip_address(std::string_view host) {
  if (host.contains(':')) return true;
  return std::ranges::count(host, '.') == 3 &&
         std::ranges::all_of(host, [](char c) { return is_digit(c) || c == '.'; });
}

bool is_local_host(std::string_view host) {
  return host == "localhost" || host.starts_with("127.") || host == "::1" || host == "0.0.0.0" ||
         host == "host.docker.internal";
}

}  // namespace selvage::audit
