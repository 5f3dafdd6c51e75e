// Who is asking: the peer of the socket, or behind trusted proxies whom they say.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "net/address_policy.hpp"
#include "net/http_message.hpp"

namespace selvage::net::detail {

// An address or a range in CIDR notation. Errors: http.trusted_proxy.
[[nodiscard]] Result<CidrRange> parse_proxy_range(std::string_view text);

[[nodiscard]] bool is_in(std::span<const CidrRange> ranges, std::string_view address);

// REQUIRES: `peer` is trusted. X-Forwarded-For is read from its right end, where each proxy appends
// whom it saw, until an address that is not trusted: everything further left may be invented.
[[nodiscard]] std::string forwarded_client(std::string_view peer, const Headers& headers,
                                           std::span<const CidrRange> trusted);

}  // namespace selvage::net::detail
