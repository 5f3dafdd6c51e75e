// PinnedTransfer: a transfer that connects to none but checked addresses, whatever DNS says by
// then.
//
// No connection is shared with another request, no proxy is used, not even the environment's.
#pragma once

#include <vector>

#include "net/address_policy.hpp"
#include "net/detail/curl_transfer.hpp"
#include "net/url.hpp"

namespace selvage::net::detail {

class PinnedTransfer {
 public:
  struct Limits {
    milliseconds connect_time{5'000};
    milliseconds total_time{30'000};  // of the whole request, for how long a name stays pinned
    ByteCount max_body;
  };
  // `url` and `ca_file` must outlive it. REQUIRES: every one of `addresses` was checked.
  PinnedTransfer(const Url& url, const std::string& ca_file, std::vector<IpAddress> addresses,
                 Limits limits);
  PinnedTransfer(const PinnedTransfer&) = delete;
  PinnedTransfer& operator=(const PinnedTransfer&) = delete;

  [[nodiscard]] CurlTransfer& transfer() { return transfer_; }
  // A connection to an address that was not checked was asked for, and not made.
  [[nodiscard]] bool refused() const { return refused_; }

 private:
  static curl_socket_t open_socket(void* self, curlsocktype purpose, curl_sockaddr* target);

  const std::string address_;
  std::vector<IpAddress> addresses_;
  bool refused_ = false;
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> pins_{nullptr, &curl_slist_free_all};
  CurlTransfer transfer_;
};

}  // namespace selvage::net::detail
