// What an operator should know of a Redis that holds tasks: that it must not evict, and must write
// to disk. Said once a server, in the log.
#pragma once

#include <string>

#include "data/redis.hpp"

namespace selvage::work {

// On the client's home loop only.
class RedisHealth {
 public:
  // Looks when `redis` is at a server it has not looked at.
  [[nodiscard]] Task<void> look(data::Redis& redis, std::string queue);

 private:
  std::string looked_at_;
};

}  // namespace selvage::work
