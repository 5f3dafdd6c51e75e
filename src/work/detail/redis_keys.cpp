#include "work/detail/redis_keys.hpp"

#include "data/redis.hpp"

namespace selvage::work {

std::vector<std::string> queue_keys(const QueueForm& form) {
  std::vector<std::string> keys{form.queue};
  for (const char* name : {"held", "leases", "tasks", "ready", "delayed", "dead", "ids", "lanes",
                           "active", "parked", "token", "paused", "clock"}) {
    keys.push_back(data::suffix_key(form.queue, name));
  }
  if (form.kind == QueueKind::celery) {
    for (const char* step : {"3", "6", "9"}) keys.push_back(form.queue + "\x06\x16" + step);
  }
  return keys;
}

std::string wake_channel(const std::string& queue) { return data::suffix_key(queue, "wake"); }

}  // namespace selvage::work
