#include "net/detail/wait.hpp"

#include <boost/asio/steady_timer.hpp>

namespace selvage::net::detail {

struct Timers::Clock {
  boost::asio::steady_timer timer;
  SteadyTime armed_for = SteadyTime::max();
};

Timers::Timers(Loop& loop)
    : loop_(loop),
      clock_(new Clock{boost::asio::steady_timer(loop.context())}),
      alive_(std::make_shared<Timers*>(this)) {}

Timers::~Timers() { *alive_ = nullptr; }

Timers::Key Timers::add(SteadyTime when, std::function<void()> expired) {
  const Key key{when, next_++};
  waiting_.emplace(key, std::move(expired));
  arm();
  return key;
}

void Timers::remove(Key key) { waiting_.erase(key); }

// The timer is only ever moved forward to an earlier time: a wake-up for a removed deadline costs
// one empty turn, and re-arming for each of thousands of requests would cost more.
void Timers::arm() {
  if (waiting_.empty()) return;
  const SteadyTime first = waiting_.begin()->first.first;
  if (first >= clock_->armed_for) return;
  clock_->armed_for = first;
  clock_->timer.expires_at(first);
  clock_->timer.async_wait([alive = alive_](boost::system::error_code error) {
    if (*alive && !error) (*alive)->fire();
  });
}

void Timers::fire() {
  clock_->armed_for = SteadyTime::max();
  const SteadyTime time = steady_now();
  while (!waiting_.empty() && waiting_.begin()->first.first <= time) {
    auto due = waiting_.extract(waiting_.begin());
    due.mapped()();
  }
  arm();
}

Wait::Wait(Timers& timers, Deadline deadline, CancelToken cancel,
           std::function<void(WaitEnd)> gave_up)
    : timers_(timers),
      deadline_(deadline),
      cancel_(std::move(cancel)),
      gave_up_(std::move(gave_up)) {}

Wait::~Wait() {
  // A wait is awaited to its end, or never was.
  SELVAGE_CHECK(!awaiting_ || end_);
}

bool Wait::suspend(std::coroutine_handle<> awaiting) {
  if (cancel_.cancelled()) {
    end_ = WaitEnd::cancelled;
    gave_up_(*end_);
    return false;
  }
  awaiting_ = awaiting;
  if (deadline_.at != SteadyTime::max()) {
    timer_ = timers_.add(deadline_.at, [this] { give_up(WaitEnd::timed_out); });
  }
  registration_ = cancel_.on_cancel([this] { give_up(WaitEnd::cancelled); });
  return true;
}

void Wait::finish() {
  if (!end_) end_with(WaitEnd::done);
}

void Wait::give_up(WaitEnd end) {
  if (end_) return;
  end_with(end);
  gave_up_(end);
}

void Wait::end_with(WaitEnd end) {
  end_ = end;
  if (timer_) timers_.remove(*timer_);
  timer_.reset();
  registration_.reset();
  if (awaiting_) timers_.loop().resume(awaiting_);
}

}  // namespace selvage::net::detail
