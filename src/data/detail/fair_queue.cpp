#include "data/detail/fair_queue.hpp"

#include <algorithm>
#include <utility>

namespace selvage::data {

FairQueue::FairQueue(std::size_t workers, std::size_t capacity)
    : capacity_(capacity), most_of_a_kind_(std::max<std::size_t>(workers, 2) - 1) {}

bool FairQueue::push(FairJob& job) {
  const std::lock_guard lock(mutex_);
  Line& line = lines_[std::to_underlying(job.kind)];
  if (closed_ || line.jobs.size() >= capacity_) return false;
  const auto kind = static_cast<std::size_t>(std::to_underlying(job.kind));
  line.jobs.push_back(std::move(job));
  if (may_run(kind)) wake_one();
  return true;
}

bool FairQueue::pop(FairJob& job) {
  Waiter self;
  std::unique_lock lock(mutex_);
  while (!take(job)) {
    const bool empty = lines_[0].jobs.empty() && lines_[1].jobs.empty();
    if (closed_ && empty) return false;
    self.is_woken = false;
    idle_.push_back(&self);
    self.woken.wait(lock, [&] { return self.is_woken; });
  }
  return true;
}

void FairQueue::finished(FairJob::Kind kind) {
  const std::lock_guard lock(mutex_);
  --lines_[std::to_underlying(kind)].running;
  if (closed_) {
    while (!idle_.empty()) wake_one();
  }
}

void FairQueue::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  while (!idle_.empty()) wake_one();
}

bool FairQueue::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

bool FairQueue::may_run(std::size_t kind) const {
  return !lines_[kind].jobs.empty() && lines_[kind].running < most_of_a_kind_;
}

bool FairQueue::take(FairJob& job) {
  const std::size_t other = 1 - last_;
  const std::size_t kind = may_run(other) ? other : last_;
  if (!may_run(kind)) return false;
  Line& line = lines_[kind];
  job = std::move(line.jobs.front());
  line.jobs.pop_front();
  ++line.running;
  last_ = kind;
  return true;
}

void FairQueue::wake_one() {
  if (idle_.empty()) return;
  Waiter* const waiter = idle_.back();
  idle_.pop_back();
  waiter->is_woken = true;
  waiter->woken.notify_one();
}

}  // namespace selvage::data
