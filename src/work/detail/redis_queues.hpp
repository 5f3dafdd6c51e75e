// RedisQueues: the queues of a Redis broker, each made when it is first asked for.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "work/detail/redis_queue.hpp"

namespace selvage::work {

inline constexpr std::size_t kMaxQueues = 256;  // connections are bounded

// On the home loop only.
class RedisQueues {
 public:
  RedisQueues(net::Loop& home, RedisCallOptions options, std::vector<QueueForm> forms,
              milliseconds poll);
  // Errors: queue.too_many, queue.form (invalid) for a Celery queue whose lists a cluster would
  // spread over its nodes.
  [[nodiscard]] Result<RedisQueue*> at(const std::string& name);
  // Those that at() has made.
  [[nodiscard]] std::vector<RedisQueue*> all();
  [[nodiscard]] Task<void> close();

 private:
  net::Loop& home_;
  const RedisCallOptions options_;
  const std::vector<QueueForm> forms_;
  const milliseconds poll_;
  std::map<std::string, std::unique_ptr<RedisQueue>> queues_;
  bool closed_ = false;
  TaskGroup group_;  // what queues do beside their callers
};

}  // namespace selvage::work
