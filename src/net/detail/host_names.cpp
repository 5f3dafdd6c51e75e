#include "net/detail/host_names.hpp"

#include <algorithm>
#include <iterator>

namespace selvage::net::detail {
namespace {

constexpr std::string_view kMetadataNames[] = {
    "metadata",      "metadata.google.internal",   "metadata.goog", "metadata.amazonaws.com",
    "instance-data", "instance-data.ec2.internal",
};

// Names below these never resolve on the public internet: reserved by RFC 2606, 6761, 6762, 7686,
// 8375 and by ICANN (internal), or left undelegated because networks use them for themselves.
constexpr std::string_view kInternalSuffixes[] = {
    "local", "localdomain", "internal", "intranet",     "private",
    "corp",  "home",        "lan",      "home.arpa",    "onion",
    "test",  "invalid",     "example",  "in-addr.arpa", "ip6.arpa",
};

bool is_or_is_below(std::string_view host, std::string_view suffix) {
  if (!host.ends_with(suffix)) return false;
  return host.size() == suffix.size() || host[host.size() - suffix.size() - 1] == '.';
}

}  // namespace

NameKind kind_of_name(std::string_view host) {
  if (std::ranges::find(kMetadataNames, host) != std::end(kMetadataNames)) {
    return NameKind::metadata;
  }
  if (is_or_is_below(host, "localhost")) return NameKind::loopback;
  if (host.find('.') == std::string_view::npos) return NameKind::internal;
  const bool internal = std::ranges::any_of(
      kInternalSuffixes, [&](std::string_view suffix) { return is_or_is_below(host, suffix); });
  return internal ? NameKind::internal : NameKind::public_name;
}

}  // namespace selvage::net::detail
