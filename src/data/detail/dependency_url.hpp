// The URL of a service that an operator depends on: unlike URLs of users it may carry credentials.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace selvage::data {

struct DependencyUrl {
  std::string scheme;  // lower case
  std::string user;    // percent-decoded
  Secret password;     // percent-decoded
  std::string host;    // without brackets
  std::uint16_t port = 0;
  std::string path;  // as written, begins with '/', or empty
  // scheme://host:port
  [[nodiscard]] std::string origin() const;
};

// Errors: readiness.url, whose message holds no part of the URL but scheme, host and port.
[[nodiscard]] Result<DependencyUrl> parse_dependency_url(std::string_view text);

}  // namespace selvage::data
