#include "work/detail/work_waiters.hpp"

namespace selvage::work {

WorkWaiters::Waiter::Waiter(WorkWaiters& waiters)
    : waiters_(waiters), signal_(net::Loop::current()) {
  const std::scoped_lock lock(waiters_.mutex_);
  place_ = waiters_.waiters_.insert(waiters_.waiters_.end(), this);
}

WorkWaiters::Waiter::~Waiter() {
  const std::scoped_lock lock(waiters_.mutex_);
  waiters_.waiters_.erase(place_);
}

[[clang::coro_wrapper]] Task<bool> WorkWaiters::Waiter::wait(milliseconds at_most,
                                                             CancelToken cancel) {
  return signal_.wait(at_most, std::move(cancel));
}

void WorkWaiters::wake_all() {
  const std::scoped_lock lock(mutex_);
  for (Waiter* waiter : waiters_) waiter->signal_.set_from_any_thread();
}

}  // namespace selvage::work
