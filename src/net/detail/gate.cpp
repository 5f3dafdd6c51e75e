#include "net/detail/gate.hpp"

namespace selvage::net::detail {

Task<WaitEnd> Gate::enter(Deadline deadline, CancelToken cancel, Permit& permit) {
  if (free_ > 0) {
    --free_;
  } else {
    const auto place = queue_.emplace(queue_.end());
    Wait wait(timers_, deadline, std::move(cancel), [&](WaitEnd) { queue_.erase(place); });
    *place = &wait;
    if (const WaitEnd end = co_await wait; end != WaitEnd::done) co_return end;
  }
  permit = Permit(this);
  co_return WaitEnd::done;
}

// The permit goes straight to the first in the queue, so that a newcomer cannot overtake it.
void Gate::give_back() {
  if (queue_.empty()) {
    ++free_;
    return;
  }
  Wait* first = queue_.front();
  queue_.pop_front();
  first->finish();
}

}  // namespace selvage::net::detail
