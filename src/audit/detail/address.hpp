// Addresses inside values: where a service thinks another one is.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace selvage::audit {

struct Address {
  std::string scheme;    // lower case
  std::string user;      // empty: none
  std::string password;  // as written
  std::string host;      // without brackets
  int port = 0;          // 0: none written
};

// Of "scheme://[user[:password]@]host[:port][/...]"; of a list the first one. nullopt: no such
// text.
[[nodiscard]] std::optional<Address> address_in(std::string_view value);
[[nodiscard]] bool is_local_host(std::string_view host);  // localhost, 127.x, ::1, 0.0.0.0
[[nodiscard]] bool is_ip_address(std::string_view host);

}  // namespace selvage::audit
