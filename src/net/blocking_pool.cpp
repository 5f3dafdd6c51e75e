#include "net/blocking_pool.hpp"

#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
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

  Impl(std::string the_name, std::size_t most, std::size_t cap)
      : name(std::move(the_name)), max_threads(most), max_queued(cap) {
    start_thread();
  }

  // Under the mutex, once others may submit.
  void start_thread() {
    threads.emplace_back([this] { work(); });
    // The kernel keeps 15 characters and refuses longer names.
    const std::string label = fmt::format("{:.12}/{}", name, (threads.size() - 1) % 100);
    pthread_setname_np(threads.back().native_handle(), label.c_str());
  }

  void work() {
    std::unique_lock lock(mutex);
    for (;;) {
      ++idle;
      arrived.wait(lock, [this] { return closing || !queue.empty(); });
      --idle;
      if (queue.empty()) return;
      const Item item = queue.front();
      queue.pop_front();
      lock.unlock();
      (*item.job)();
      item.loop->resume(item.awaiting);
      lock.lock();
    }
  }

  const std::string name;
  const std::size_t max_threads;
  const std::size_t max_queued;
  mutable std::mutex mutex;
  std::condition_variable arrived;
  std::deque<Item> queue;
  bool closing = false;
  std::size_t idle = 0;  // threads that wait for work, or have just been woken for it
  std::vector<std::thread> threads;
};

BlockingPool::BlockingPool(std::string name, std::size_t threads, std::size_t max_queued)
    : name_(std::move(name)),
      impl_(std::make_unique<Impl>(name_, std::max<std::size_t>(threads, 1), max_queued)) {}

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
    // each that is queued already has one of the idle threads coming for it
    if (impl.queue.size() >= impl.idle && impl.threads.size() < impl.max_threads) {
      try {
        impl.start_thread();
      } catch (const std::system_error&) {  // the system has none to give: those there are will do
      }
    }
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

std::size_t BlockingPool::threads() const { return impl_->max_threads; }

}  // namespace selvage::net
