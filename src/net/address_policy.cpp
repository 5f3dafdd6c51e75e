#include "net/address_policy.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace selvage::net {
namespace {

constexpr int kV4Offset = 12;  // where the four bytes of an IPv4 address begin

struct RefusedRange {
  const char* range;
  const char* what;  // completes "<address> is ..."
};

// The first range that holds an address names it, so single addresses come before the blocks around
// them. Sources: the IANA special-purpose registries for IPv4 and IPv6, RFC 6890 and its updates,
// and the documentation of the cloud vendors for their metadata services.
constexpr RefusedRange kRefused[] = {
    {"169.254.169.254/32", "a cloud metadata address"},
    {"169.254.170.2/32", "a cloud metadata address (container credentials)"},
    {"169.254.170.23/32", "a cloud metadata address (pod credentials)"},
    {"100.100.100.200/32", "a cloud metadata address"},
    {"192.0.0.192/32", "a cloud metadata address"},
    {"168.63.129.16/32",
     "a cloud metadata address"},  // public by number, yet only a cloud's host answers
    {"fd00:ec2::254/128", "a cloud metadata address"},

    {"0.0.0.0/8", "an address of this host"},
    {"10.0.0.0/8", "a private address"},
    {"100.64.0.0/10", "a carrier-grade NAT address"},
    {"127.0.0.0/8", "a loopback address"},
    {"169.254.0.0/16", "a link-local address"},
    {"172.16.0.0/12", "a private address"},
    {"192.0.0.0/24", "a protocol assignment"},
    {"192.0.2.0/24", "a documentation address"},
    {"192.31.196.0/24", "a special-purpose address (AS112)"},
    {"192.52.193.0/24", "a special-purpose address (AMT)"},
    {"192.88.99.0/24", "a 6to4 relay address"},
    {"192.168.0.0/16", "a private address"},
    {"192.175.48.0/24", "a special-purpose address (AS112)"},
    {"198.18.0.0/15", "a benchmarking address"},
    {"198.51.100.0/24", "a documentation address"},
    {"203.0.113.0/24", "a documentation address"},
    {"224.0.0.0/4", "a multicast address"},
    {"255.255.255.255/32", "the broadcast address"},
    {"240.0.0.0/4", "a reserved address"},

    // Transition prefixes carry an IPv4 address inside. They are refused whole, whatever that
    // address is: whether a gateway unwraps them is not ours to know.
    {"::/128", "the unspecified address"},
    {"::1/128", "the loopback address"},
    {"::ffff:0:0/96", "an IPv4-mapped address"},
    {"::ffff:0:0:0/96", "an IPv4-translated address"},
    {"::/96", "an IPv4-compatible address"},
    {"64:ff9b::/96", "a NAT64 address"},
    {"64:ff9b:1::/48", "a local NAT64 address"},
    {"100::/64", "a discard address"},
    {"100:0:0:1::/64", "a dummy address"},
    {"2001::/32", "a Teredo address"},
    {"2001:2::/48", "a benchmarking address"},
    {"2001:10::/28", "an ORCHID address"},
    {"2001:20::/28", "an ORCHID address"},
    {"2001::/23", "a protocol assignment"},
    {"2001:db8::/32", "a documentation address"},
    {"2002::/16", "a 6to4 address"},
    {"2620:4f:8000::/48", "a special-purpose address (AS112)"},
    {"3fff::/20", "a documentation address"},
    {"5f00::/16", "a segment-routing address"},
    {"fc00::/7", "a private address"},
    {"fe80::/10", "a link-local address"},
    {"fec0::/10", "a site-local address"},
    {"ff00::/8", "a multicast address"},
};

struct NamedRange {
  CidrRange range;
  const char* what;
};

const std::vector<NamedRange>& refused_ranges() {
  static const std::vector<NamedRange> ranges = [] {
    std::vector<NamedRange> out;
    for (const auto& [text, what] : kRefused) {
      auto range = CidrRange::parse(text);
      SELVAGE_CHECK(range.has_value());
      out.push_back({*range, what});
    }
    return out;
  }();
  return ranges;
}

const CidrRange& global_unicast() {
  static const CidrRange range = *CidrRange::parse("2000::/3");
  return range;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  char terminated[INET6_ADDRSTRLEN];
  if (text.size() >= sizeof terminated || text.find('\0') != std::string_view::npos) return {};
  std::memcpy(terminated, text.data(), text.size());
  terminated[text.size()] = '\0';
  IpAddress address;
  if (inet_pton(AF_INET, terminated, address.bytes.data() + kV4Offset) == 1) {
    address.is_v4 = true;
    return address;
  }
  if (inet_pton(AF_INET6, terminated, address.bytes.data()) == 1) return address;
  return {};
}

std::string IpAddress::to_string() const {
  char text[INET6_ADDRSTRLEN] = {};
  if (is_v4) {
    inet_ntop(AF_INET, bytes.data() + kV4Offset, text, sizeof text);
  } else {
    inet_ntop(AF_INET6, bytes.data(), text, sizeof text);
  }
  return text;
}

Result<CidrRange> CidrRange::parse(std::string_view text) {
  const auto bad = [&](std::string_view why) {
    return fail(ErrorKind::invalid, "address.range",
                fmt::format("\"{}\" is not an address range: {}", text, why),
                "write it like 10.0.0.0/8, 192.0.2.7/32 or fd00::/8");
  };
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return bad("the /prefix length is missing");
  const auto base = IpAddress::parse(text.substr(0, slash));
  if (!base) return bad("what stands before the slash is no IP address");

  const std::string_view digits = text.substr(slash + 1);
  const int longest = base->is_v4 ? 32 : 128;
  int prefix = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
  if (error != std::errc() || end != digits.data() + digits.size() || prefix < 0 ||
      prefix > longest || (digits.size() > 1 && digits[0] == '0')) {
    return bad(fmt::format("the prefix length must be 0 to {}", longest));
  }

  CidrRange range{*base, prefix};
  const int first_bit = base->is_v4 ? prefix + 8 * kV4Offset : prefix;
  for (int bit = first_bit; bit < 128; ++bit) {
    if (base->bytes[static_cast<std::size_t>(bit / 8)] & (0x80 >> (bit % 8))) {
      return bad("the address has bits set beyond the prefix");
    }
  }
  return range;
}

bool CidrRange::contains(const IpAddress& address) const {
  if (address.is_v4 != base.is_v4) return false;
  const std::size_t offset = base.is_v4 ? kV4Offset : 0;
  const auto whole = static_cast<std::size_t>(prefix / 8);
  if (std::memcmp(address.bytes.data() + offset, base.bytes.data() + offset, whole) != 0) {
    return false;
  }
  const int rest = prefix % 8;
  if (rest == 0) return true;
  const auto difference =
      static_cast<unsigned>(address.bytes[offset + whole] ^ base.bytes[offset + whole]);
  return (difference >> (8 - rest)) == 0;
}

AddressPolicy::AddressPolicy(std::vector<CidrRange> allowed) : allowed_(std::move(allowed)) {}

bool AddressPolicy::is_allowed(const IpAddress& address) const {
  return std::ranges::any_of(allowed_, [&](const CidrRange& r) { return r.contains(address); });
}

std::optional<std::string> AddressPolicy::refusal(const IpAddress& address) const {
  if (is_allowed(address)) return {};
  for (const auto& [range, what] : refused_ranges()) {
    if (range.contains(address)) return fmt::format("{} is {}", address.to_string(), what);
  }
  if (!address.is_v4 && !global_unicast().contains(address)) {
    return fmt::format("{} is not a global unicast address", address.to_string());
  }
  return {};
}

}  // namespace selvage::net
