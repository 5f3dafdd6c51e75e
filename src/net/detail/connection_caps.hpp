// Counts open connections over all threads, and those of each client.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace selvage::net::detail {

// Any thread; taken once when a connection opens and once when it closes.
class ConnectionCaps {
 public:
  ConnectionCaps(std::size_t total, std::size_t per_peer) : total_(total), per_peer_(per_peer) {}

  // False when a cap is reached; then leave() must not be called. An `exempt` peer, such as a
  // trusted proxy that speaks for everyone, counts towards the total only.
  [[nodiscard]] bool enter(std::string_view peer, bool exempt);
  void leave(std::string_view peer, bool exempt);

 private:
  const std::size_t total_;
  const std::size_t per_peer_;
  std::mutex mutex_;
  std::size_t open_ = 0;
  std::unordered_map<std::string, std::size_t> by_peer_;
};

}  // namespace selvage::net::detail
