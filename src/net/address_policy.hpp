// Which addresses a user's URL may lead to. Pure decisions on values; nothing is sent.
// Ranges: IANA IPv4/IPv6 special-purpose registries, cloud metadata services, every IPv6 transition
// prefix.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace selvage::net {

// An IP address; IPv4 is held in the last four bytes.
struct IpAddress {
  bool is_v4 = false;
  std::array<std::uint8_t, 16> bytes{};
  // Strict: four decimal octets without leading zeros, or RFC 4291 without zone.
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
  bool operator==(const IpAddress&) const = default;
};

struct CidrRange {
  IpAddress base;
  int prefix = 0;
  // "10.0.0.0/8"; bits beyond the prefix must be zero. Errors: address.range.
  [[nodiscard]] static Result<CidrRange> parse(std::string_view text);
  [[nodiscard]] bool contains(const IpAddress& address) const;
};

class AddressPolicy {
 public:
  // `allowed` punches holes (EGRESS_ALLOW), for tests and private stores; unsafe in production.
  explicit AddressPolicy(std::vector<CidrRange> allowed = {});
  // nullopt when the address may be contacted, else why not: "169.254.169.254 is a cloud metadata
  // address".
  [[nodiscard]] std::optional<std::string> refusal(const IpAddress& address) const;
  // True inside one of the holes.
  [[nodiscard]] bool is_allowed(const IpAddress& address) const;

 private:
  std::vector<CidrRange> allowed_;
};

}  // namespace selvage::net
