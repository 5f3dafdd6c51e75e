#include "sizing/late_pose_pool.hpp"

namespace selvage::sizing {

PosePool& LatePosePool::get() {
  if (PosePool* const pool = pool_.load(std::memory_order_acquire)) return *pool;
  const std::lock_guard lock(mutex_);
  if (!made_) {
    made_ = std::make_unique<PosePool>(options_);
    pool_.store(made_.get(), std::memory_order_release);
  }
  return *made_;
}

Result<void> LatePosePool::health() const {
  const PosePool* const pool = pool_.load(std::memory_order_acquire);
  return pool == nullptr ? Result<void>() : pool->health();
}

}  // namespace selvage::sizing
