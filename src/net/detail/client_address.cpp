#include "net/detail/client_address.hpp"

#include "base/text.hpp"

namespace selvage::net::detail {

namespace {

// "1.2.3.4", "1.2.3.4:5678", "2001:db8::1", "[2001:db8::1]:5678" -> the address alone.
std::string_view without_port(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    return end == std::string_view::npos ? text : text.substr(1, end - 1);
  }
  const std::size_t colon = text.find(':');
  const bool is_v4_with_port =
      colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos;
  return is_v4_with_port ? text.substr(0, colon) : text;
}

}  // namespace

Result<CidrRange> parse_proxy_range(std::string_view text) {
  if (text.find('/') == std::string_view::npos) {
    if (const auto address = IpAddress::parse(text)) {
      return CidrRange{*address, address->is_v4 ? 32 : 128};
    }
  } else if (auto range = CidrRange::parse(text)) {
    return *range;
  }
  return fail(ErrorKind::invalid, "http.trusted_proxy",
              "the trusted proxy " + in_quotes(text) + " is neither an address nor a range",
              "write it like 10.0.0.7 or 10.0.0.0/8");
}

bool is_in(std::span<const CidrRange> ranges, std::string_view address) {
  const auto parsed = IpAddress::parse(address);
  if (!parsed) return false;
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const CidrRange& range) { return range.contains(*parsed); });
}

std::string forwarded_client(std::string_view peer, const Headers& headers,
                             std::span<const CidrRange> trusted) {
  std::vector<std::string_view> chain;
  for (const auto& [field, value] : headers) {
    if (!equals_icase(field, "x-forwarded-for")) continue;
    for (const std::string_view entry : split(value, ',')) chain.push_back(trim(entry));
  }
  std::string_view client = peer;
  for (auto entry = chain.rbegin(); entry != chain.rend(); ++entry) {
    const std::string_view address = without_port(*entry);
    if (address.empty() || !IpAddress::parse(address)) break;
    client = address;
    if (!is_in(trusted, address)) break;
  }
  return std::string(client);
}

}  // namespace selvage::net::detail
