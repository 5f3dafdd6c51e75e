// LatePosePool: the process's one PosePool, made when it is first needed.
//
// Sizing, tasks and the local provider share it, so that a process holds each network once; one
// that never sees a photo pays nothing. Any thread.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "sizing/pose_pool.hpp"

namespace selvage::sizing {

class LatePosePool {
 public:
  explicit LatePosePool(PosePoolOptions options) : options_(std::move(options)) {}

  // Starts to load at the first call and never blocks: requests wait for the models.
  [[nodiscard]] PosePool& get();
  // As PosePool::health(); fine while nobody has needed it.
  [[nodiscard]] Result<void> health() const;

 private:
  const PosePoolOptions options_;
  std::mutex mutex_;  // of making it
  std::unique_ptr<PosePool> made_;
  std::atomic<PosePool*> pool_ = nullptr;  // made_, for readers
};

}  // namespace selvage::sizing
