// A strict absolute URL for fetching. What WHATWG parsers repair is refused here: userinfo,
// backslashes, control characters, non-ASCII hosts (punycode is fine), numeric host spellings other
// than dotted decimal, zone ids.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace selvage::net {

inline constexpr std::size_t kMaxUrlLength = 2048;

struct Url {
  std::string scheme;      // lower case
  std::string host;        // lower case, without brackets or trailing dot
  std::uint16_t port = 0;  // explicit or the scheme's default; 0 when it has neither
  std::string target;      // path and query as given, begins with '/'; a fragment is dropped
  bool host_is_v6 = false;

  // Errors: url.* (url.scheme, url.userinfo, url.host, url.port, url.characters, url.too_long).
  [[nodiscard]] static Result<Url> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
  // scheme://host:port without path or query (and without a default port), safe to log: signed URLs
  // carry secrets in their query.
  [[nodiscard]] std::string origin() const;
};

}  // namespace selvage::net
