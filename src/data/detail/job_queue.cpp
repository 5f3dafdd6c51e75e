#include "data/detail/job_queue.hpp"

#include <algorithm>
#include <iterator>

namespace selvage::data {

bool JobQueue::push(DatabaseJob& job) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_ || jobs_.size() >= capacity_) return false;
    jobs_.push_back(std::move(job));
  }
  filled_.notify_one();
  return true;
}

bool JobQueue::pop(std::size_t at_most, std::vector<DatabaseJob>& jobs) {
  std::unique_lock lock(mutex_);
  filled_.wait(lock, [&] { return closed_ || !jobs_.empty(); });
  const auto count = static_cast<std::ptrdiff_t>(std::min(at_most, jobs_.size()));
  jobs.assign(std::make_move_iterator(jobs_.begin()),
              std::make_move_iterator(jobs_.begin() + count));
  jobs_.erase(jobs_.begin(), jobs_.begin() + count);
  return !jobs.empty();
}

void JobQueue::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  filled_.notify_all();
}

}  // namespace selvage::data
