// Transactions that wait for one of the database's threads.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "data/database.hpp"

namespace selvage::data {

struct DatabaseJob {
  std::move_only_function<Result<void>(Transaction&)> body;
  std::move_only_function<void(Result<void>)> done;
};

// First come, first served, bounded. All members may be called on any thread.
class JobQueue {
 public:
  explicit JobQueue(std::size_t capacity) : capacity_(capacity) {}
  // False, with `job` untouched, when the queue is full.
  [[nodiscard]] bool push(DatabaseJob& job);
  // Waits, then moves at most `at_most` jobs to `jobs`. False when closed and empty.
  [[nodiscard]] bool pop(std::size_t at_most, std::vector<DatabaseJob>& jobs);
  void close();

 private:
  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<DatabaseJob> jobs_;
  bool closed_ = false;
};

}  // namespace selvage::data
