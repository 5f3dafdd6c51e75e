#include "net/detail/connection_caps.hpp"

namespace selvage::net::detail {

namespace {

// A client with IPv6 usually owns a whole /64 and could use a new address for each connection.
std::string peer_key(std::string_view peer) {
  std::size_t groups = 0;
  for (std::size_t i = 0; i < peer.size(); ++i) {
    if (peer[i] != ':') continue;
    const bool compressed = i + 1 < peer.size() && peer[i + 1] == ':';
    if (compressed || ++groups == 4) return std::string(peer.substr(0, i + 1));
  }
  return std::string(peer);
}

}  // namespace

bool ConnectionCaps::enter(std::string_view peer, bool exempt) {
  const std::lock_guard lock(mutex_);
  if (open_ >= total_) return false;
  if (!exempt) {
    const auto [entry, added] = by_peer_.try_emplace(peer_key(peer), 0);
    if (entry->second >= per_peer_) {
      if (added) by_peer_.erase(entry);
      return false;
    }
    ++entry->second;
  }
  ++open_;
  return true;
}

void ConnectionCaps::leave(std::string_view peer, bool exempt) {
  const std::lock_guard lock(mutex_);
  --open_;
  if (exempt) return;
  const auto entry = by_peer_.find(peer_key(peer));
  if (entry != by_peer_.end() && --entry->second == 0) by_peer_.erase(entry);
}

}  // namespace selvage::net::detail
