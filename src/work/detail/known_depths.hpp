// How many tasks wait in each queue elsewhere, as last seen, with what was brought there since.
// Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace selvage::work {

class KnownDepths {
 public:
  void seen(const std::string& queue, std::int64_t waiting) {
    const std::scoped_lock lock(mutex_);
    waiting_[queue] = waiting;
  }
  void brought(const std::string& queue, std::int64_t more) {
    const std::scoped_lock lock(mutex_);
    waiting_[queue] += more;
  }
  // 0 while nothing is known.
  [[nodiscard]] std::int64_t get(const std::string& queue) const {
    const std::scoped_lock lock(mutex_);
    const auto found = waiting_.find(queue);
    return found == waiting_.end() ? 0 : found->second;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::int64_t> waiting_;
};

}  // namespace selvage::work
