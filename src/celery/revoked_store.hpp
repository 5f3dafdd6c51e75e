// RevokedStore: keeps revoked ids in Redis as well, so that a node that starts later, or missed a
// broadcast while it reconnected, knows them (Celery's workers keep them in memory alone).
#pragma once

#include <string>
#include <vector>

#include "celery/keys.hpp"
#include "celery/node_state.hpp"
#include "data/redis.hpp"

namespace selvage::celery {

// On the client's loop. Failures are logged: the broadcast itself was heard.
class RevokedStore {
 public:
  // All outlive it.
  RevokedStore(data::Redis& redis, const Keys& keys, RevokedIds& ids);
  // Notes them here and in Redis.
  [[nodiscard]] Task<void> add(std::vector<std::string> ids);
  // Adds what other nodes noted.
  [[nodiscard]] Task<void> recall();

 private:
  data::Redis& redis_;
  const Keys& keys_;
  RevokedIds& ids_;
};

}  // namespace selvage::celery
