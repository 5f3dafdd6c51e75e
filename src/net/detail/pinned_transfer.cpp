#include "net/detail/pinned_transfer.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>

#include "net/detail/resolver.hpp"

namespace selvage::net::detail {
namespace {

const std::string kUserAgent = "selvage";

// libcurl keeps a pinned name this much longer than a request may last, so that no request can
// outlive its pin and look the name up a second time.
constexpr long kPinSlackSeconds = 60;

// "+name:port:address,address" for CURLOPT_RESOLVE; the plus lets the entry expire.
std::string pin_of(const Url& url, const std::vector<IpAddress>& addresses) {
  std::string out = fmt::format("+{}:{}:", url.host, url.port);
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    if (i > 0) out += ',';
    out += addresses[i].is_v4 ? addresses[i].to_string()
                              : fmt::format("[{}]", addresses[i].to_string());
  }
  return out;
}

}  // namespace

PinnedTransfer::PinnedTransfer(const Url& url, const std::string& ca_file,
                               std::vector<IpAddress> addresses, Limits limits)
    : address_(url.to_string()),
      addresses_(std::move(addresses)),
      transfer_(address_, kUserAgent, ca_file, limits.connect_time, limits.max_body) {
  if (!IpAddress::parse(url.host)) {
    pins_.reset(curl_slist_append(nullptr, pin_of(url, addresses_).c_str()));
    transfer_.set(CURLOPT_RESOLVE, pins_.get());
  }
  transfer_.set(CURLOPT_DNS_CACHE_TIMEOUT,
                static_cast<long>(limits.total_time / seconds(1)) + kPinSlackSeconds);
  transfer_.set(CURLOPT_OPENSOCKETFUNCTION, &PinnedTransfer::open_socket);
  transfer_.set(CURLOPT_OPENSOCKETDATA, this);
  transfer_.set(CURLOPT_FRESH_CONNECT, 1L);
  transfer_.set(CURLOPT_FORBID_REUSE, 1L);
  transfer_.set(CURLOPT_PROXY, "");
}

curl_socket_t PinnedTransfer::open_socket(void* self, curlsocktype, curl_sockaddr* target) {
  auto& pinned = *static_cast<PinnedTransfer*>(self);
  const auto address = address_of(&target->addr, target->family);
  if (!address || std::ranges::find(pinned.addresses_, *address) == pinned.addresses_.end()) {
    pinned.refused_ = true;
    return CURL_SOCKET_BAD;
  }
  return socket(target->family, target->socktype | SOCK_CLOEXEC, target->protocol);
}

}  // namespace selvage::net::detail
