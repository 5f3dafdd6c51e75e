#include "net/blocking_pool.hpp"

#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace selvage::net {

struct BlockingPool::Impl {
  struct Item {
    std::function<void()>*
        job;  // in the awaiting coroutine's frame, which sleeps until the job is done
    std::coroutine_handle<> awaiting;
    Loop* loop;
  };

  explicit Impl(std::size_t cap) : max_queued(cap) {}

  void work() {
    std::unique_lock lock(mutex);
    for (;;) {
      arrived.wait(lock, [this] { return closing || !queue.empty(); });
      if (queue.empty()) return;
      const Item item = queue.front();
      queue.pop_front();
      lock.unlock();
      (*item.job)();
      item.loop->resume(item.awaiting);
      lock.lock();
    }
  }

  const std::size_t max_queued;
  mutable std::mutex mutex;
  std::condition_variable arrived;
  std::deque<Item> queue;
  bool closing = false;
  std::vector<std::thread> threads;
};

BlockingPool::BlockingPool(std::string name, std::size_t threads, std::size_t max_queued)
    : name_(std::move(name)), impl_(std::make_unique<Impl>(max_queued)) {
  for (std::size_t i = 0; i < std::max<std::size_t>(threads, 1); ++i) {
    auto& thread = impl_->threads.emplace_back([impl = impl_.get()] { impl->work(); });
    // The kernel keeps 15 characters and refuses longer names.
    const std::string label = fmt::format("{:.12}/{}", name_, i % 100);
    pthread_setname_np(thread.native_handle(), label.c_str());
  }
}

BlockingPool::~BlockingPool() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->closing = true;
  }
  impl_->arrived.notify_all();
  for (std::thread& thread : impl_->threads) thread.join();
}

bool BlockingPool::Submission::await_suspend(std::coroutine_handle<> awaiting) {
  Impl& impl = *pool.impl_;
  {
    const std::lock_guard lock(impl.mutex);
    if (impl.queue.size() >= impl.max_queued) return false;
    accepted = true;
    impl.queue.push_back({&job, awaiting, &Loop::current()});
  }
  // From here on the coroutine may already run again, and this awaiter with it may be gone.
  impl.arrived.notify_one();
  return true;
}

std::size_t BlockingPool::queued() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->queue.size();
}

std::size_t BlockingPool::threads() const { return impl_->threads.size(); }

}  // namespace selvage::net
