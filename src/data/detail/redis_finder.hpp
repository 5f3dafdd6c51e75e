// RedisFinder: the server that a Redis URL means at this moment, asked anew for every connection:
// the host itself, the master that the sentinels name, or the cluster's node that holds a slot.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/detail/redis_wire.hpp"

namespace selvage::data {

// The hash slot (0 to 16383) of a key: CRC-16/XMODEM of its tag, or of all of it without one.
[[nodiscard]] unsigned hash_slot(std::string_view key);

struct FoundServer {
  std::unique_ptr<RedisWire> wire;  // logged in
  std::string run_id;               // another value: another server, or the same one restarted
};

// On one loop; find() may run several times at once.
class RedisFinder {
 public:
  RedisFinder(RedisUrl url, std::string slot_key, std::string client_name);

  // Within `limit`, whatever is tried. Errors: redis.auth, redis.unavailable, cancelled.
  [[nodiscard]] Task<Result<FoundServer>> find(milliseconds limit, CancelToken cancel);
  // A cluster's node said where the slot is now; tried first, once.
  void moved_to(RedisAddress address) { moved_to_ = std::move(address); }
  // Connects to that very server, and logs in.
  [[nodiscard]] Task<Result<FoundServer>> connect(RedisAddress address, Deadline deadline,
                                                  CancelToken cancel);
  [[nodiscard]] const RedisUrl& url() const { return url_; }
  // The one slot that is asked for, of a cluster.
  [[nodiscard]] std::optional<unsigned> slot() const {
    return url_.topology == RedisTopology::cluster ? std::optional(slot_) : std::nullopt;
  }

 private:
  [[nodiscard]] Task<Result<FoundServer>> by_sentinels(Deadline deadline, CancelToken cancel);
  [[nodiscard]] Task<Result<FoundServer>> by_cluster(Deadline deadline, CancelToken cancel);
  [[nodiscard]] Task<Result<RedisAddress>> ask_sentinel(RedisAddress sentinel, Deadline deadline,
                                                        CancelToken cancel);
  [[nodiscard]] Task<Result<RedisAddress>> ask_node(RedisAddress node, Deadline deadline,
                                                    CancelToken cancel);

  const RedisUrl url_;
  const unsigned slot_;
  const std::string client_name_;
  std::size_t first_seed_ = 0;  // the one that answered last is asked first
  std::optional<RedisAddress> moved_to_;
  std::vector<RedisAddress> nodes_;  // of the cluster, as it was last seen
  std::uint64_t nameless_ = 0;       // servers that would not say their run id
};

}  // namespace selvage::data
