// The queue's scripts, each put together once from the parts in lua/ that it begins with.
#pragma once

#include "data/redis.hpp"

namespace selvage::work {

struct QueueScripts {
  data::RedisScript claim;
  data::RedisScript absorb;
  data::RedisScript complete;  // takes KEYS held, leases; the others take all of queue_keys()
  data::RedisScript settle;
  data::RedisScript extend;
  data::RedisScript recall;
  data::RedisScript ship;
  data::RedisScript depth;
  data::RedisScript look;
  data::RedisScript dead;
  data::RedisScript pause;
  data::RedisScript upkeep;
};

// Any thread.
[[nodiscard]] const QueueScripts& queue_scripts();

}  // namespace selvage::work
